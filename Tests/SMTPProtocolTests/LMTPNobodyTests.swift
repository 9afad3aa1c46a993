import Testing

@testable import SMTPProtocol

/// LMTP: the content of a message left with its envelope, and every recipient was refused.
/// Servers differ about whether BDAT has a reply then (RFC 2033 section 4.2).
@Suite struct LMTPNobodyTests {
  private static let hello = """
    S: 220 mx.example LMTP
    C: LHLO client.example
    S: 250-mx.example
    S: 250-PIPELINING
    S: 250 CHUNKING
    ! opened

    """

  private static func send(_ name: String, isBehind: Bool) -> String {
    """
    > send a@x.example \(name)@y.example atonce=\(name)
    \(isBehind ? "C: RSET\n" : "")C: MAIL FROM:<a@x.example>
    C: RCPT TO:<\(name)@y.example>
    C: BDAT \(name.count + 2) LAST
    C: \(name)

    """
  }

  private func play(_ transcript: String) {
    SMTPProtocolTests.play(Self.hello + transcript, isLMTP: true, chunking: .optimistic)
  }

  private static let refused = """
    S: 250 ok
    S: 550 no
    ! send failed: envelope, RCPT TO, envelope phase, retry no, 550
    ! - one@y.example rejected, RCPT TO 550

    """

  private static func accepted(_ name: String, reset: String = "S: 250 reset\n") -> String {
    """
    \(reset)S: 250 ok
    S: 250 ok
    S: 250 stored
    ! send ok
    ! - \(name)@y.example accepted, DATA 250

    """
  }

  /// Whether BDAT is answered or not, what follows gets its own replies.
  @Test(arguments: ["", "S: 503 nobody\n", "S: 554 nobody\n"])
  func `the verdict is known at once, and the next keep their replies`(_ late: String) {
    play(
      Self.send("good", isBehind: false) + Self.send("one", isBehind: true)
        + Self.send("fine", isBehind: true) + Self.send("well", isBehind: true)
        + Self.accepted("good", reset: "") + "S: 250 reset\n" + Self.refused + late
        + Self.accepted("fine") + Self.accepted("well"))
  }

  @Test(arguments: ["", "S: 503 nobody\n"])
  func `a sender that was refused likewise`(_ late: String) {
    play(
      Self.send("one", isBehind: false) + Self.send("fine", isBehind: true) + """
        S: 550 no
        S: 503 MAIL first
        ! send failed: envelope, MAIL FROM, envelope phase, retry no, 550
        ! - one@y.example notTried

        """ + late + Self.accepted("fine"))
  }

  @Test(arguments: ["", "S: 503 nobody\n"])
  func `after the last one there is nothing to wait for`(_ late: String) {
    play(
      Self.send("one", isBehind: false) + Self.refused + late + Self.send("fine", isBehind: true)
        + Self.accepted("fine"))
    play(
      Self.send("one", isBehind: false) + Self.refused + late
        + "> quit\nC: QUIT\nS: 221 bye\n! quit ok\n")
    play(
      Self.send("one", isBehind: false) + Self.refused + late
        + "> reset\nC: RSET\nS: 250 ok\n! reset ok\n")
  }

  @Test func `a reply may come when the next command is on its way`() {
    play(
      Self.send("one", isBehind: false) + Self.refused + Self.send("fine", isBehind: true)
        + "S: 503 nobody\n" + Self.accepted("fine"))
  }

  /// What is here of it is no reply to the command that follows.
  @Test func `a part of a late reply may be there when an operation begins`() {
    play(
      Self.send("one", isBehind: false) + Self.refused + """
        > part 503
        > reset
        C: RSET
        S:  nobody
        S: 250 ok
        ! reset ok
        """)
  }

  @Test func `there is one late reply, no second`() {
    play(
      Self.send("one", isBehind: false) + Self.refused + """
        S: 503 nobody
        S: 503 nobody
        ! connection failed: protocolViolation, CONN, idle phase, retry safe, 503
        """)
    play(
      Self.send("one", isBehind: false) + Self.refused + """
        S: 250 what
        ! connection failed: protocolViolation, CONN, idle phase, retry safe, 250
        """)
  }

  /// Only the first reply of what follows can be the late one.
  @Test func `a refusal further on is what it says`() {
    play(
      Self.send("one", isBehind: false) + Self.send("fine", isBehind: true) + Self.refused + """
        S: 250 reset
        S: 550 no
        S: 503 MAIL first
        ! send failed: envelope, MAIL FROM, envelope phase, retry no, 550
        ! - fine@y.example notTried
        """)
  }

  /// RSET, which is next, is not answered with this, so it is to the chunk.
  @Test(arguments: [354, 251, 200])
  func `a positive reply that is not to RSET ends the connection at once`(_ code: Int) {
    play(
      Self.send("one", isBehind: false) + Self.send("fine", isBehind: true) + Self.refused + """
        S: \(code) what
        S: 250 reset
        ! send failed: protocolViolation, CONN, envelope phase, retry unknown, \(code)
        ! - fine@y.example unknown
        ! connection failed: protocolViolation, CONN, envelope phase, retry unknown, \(code)
        """)
    play(
      Self.send("one", isBehind: false) + Self.refused + """
        > reset
        C: RSET
        S: \(code) what
        ! reset failed: protocolViolation, CONN, reset phase, retry safe, \(code)
        ! connection failed: protocolViolation, CONN, reset phase, retry safe, \(code)
        """)
    play(
      Self.send("one", isBehind: false) + Self.refused + """
        > login PLAIN tim secret
        C: RSET
        S: \(code) what
        ! login failed: protocolViolation, CONN, auth phase, retry safe, \(code)
        ! connection failed: protocolViolation, CONN, auth phase, retry safe, \(code)
        """)
  }

  /// This one cannot be told from the reply to RSET. The last reply is then one too many,
  /// and nothing more is sent over this connection.
  @Test func `a chunk without recipients that is answered with 250 shows at the end`() {
    play(
      Self.send("one", isBehind: false) + Self.send("fine", isBehind: true) + Self.refused + """
        S: 250 stored for nobody
        S: 250 reset
        S: 250 sender
        S: 250 recipient
        ! send ok
        ! - fine@y.example accepted, DATA 250
        S: 250 stored
        ! connection failed: protocolViolation, CONN, idle phase, retry safe, 250
        """)
  }

  @Test func `421 is for everything`() {
    play(
      Self.send("one", isBehind: false) + Self.refused + """
        S: 421 bye
        ! connection failed: connection, CONN, idle phase, retry safe, 421
        """)
  }

  /// What is left of the chunk would be read as a command.
  @Test func `a reply to a chunk that has not left ends the connection`() {
    play(
      "> hold\n> send a@x.example one@y.example atonce=one\n> leave 3\n" + """
        C: MAIL FROM:<a@x.example>
        C: RCPT TO:<one@y.example>
        C: BDAT 5 LAST

        """ + Self.refused + """
          S: 503 nobody
          ! connection failed: connection, BDAT, message phase, retry safe, 503
          """)
  }

  /// It is not certain then that there is no recipient.
  @Test func `a recipient accepted without a sender has a final reply`() {
    play(
      Self.send("one", isBehind: false) + """
        S: 550 no
        S: 250 ok
        > wait 1
        S: 503 nobody
        ! send failed: envelope, MAIL FROM, envelope phase, retry no, 550
        ! - one@y.example notTried
        """)
  }
}
