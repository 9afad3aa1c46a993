import Testing

@testable import SMTPProtocol

/// A group leaves as far as there is room on the way, and its replies come meanwhile.
@Suite struct SessionEarlyTests {
  private static let start =
    opening("PIPELINING", "CHUNKING") + """
      > hold
      > send a@x.example b@y.example c@y.example
      > leave 1
      C: MAIL FROM:<a@x.example>

      """

  @Test func `what has left may be answered`() {
    play(
      Self.start + """
        S: 250 ok
        > leave 2
        C: RCPT TO:<b@y.example>
        C: RCPT TO:<c@y.example>
        S: 250 ok
        S: 550 no
        > leave 1
        C: DATA
        S: 354 go
        ! content wanted
        """)
  }

  /// It would be taken for the answer to something else.
  @Test(arguments: ["", "> leave 0 22\nC: RCPT TO:<b@y.example>\r…\n"])
  func `what has not left, or not all of it, may not`(_ part: String) {
    play(
      Self.start + """
        S: 250 ok
        \(part)S: 250 too early
        ! send failed: protocolViolation, RCPT TO, envelope phase, retry no
        ! - b@y.example notTried
        ! - c@y.example notTried
        ! connection failed: protocolViolation, RCPT TO, envelope phase, retry no
        """)
  }

  @Test func `nor in one packet with what may`() {
    play(
      Self.start + """
        S: 250 ok
        S: 250 too early
        ! send failed: protocolViolation, RCPT TO, envelope phase, retry no
        ! - b@y.example notTried
        ! - c@y.example notTried
        ! connection failed: protocolViolation, RCPT TO, envelope phase, retry no
        """)
  }

  /// It answers nothing in particular (RFC 5321 section 3.8).
  @Test func `421 may come at any time`() {
    play(
      Self.start + """
        S: 250 ok
        S: 421 bye
        ! send failed: connection, RCPT TO, envelope phase, retry safe, 421
        ! - b@y.example notTried
        ! - c@y.example notTried
        ! connection failed: connection, RCPT TO, envelope phase, retry safe, 421
        """)
  }

  /// The end of a chunk may not have left when its verdict comes: a server need not
  /// wait for what it does not want.
  @Test func `a message may be refused before all of it has left`() {
    play(
      opening("PIPELINING", "CHUNKING") + """
        > hold
        > send a@x.example b@y.example atonce=Hello
        > send a@x.example c@y.example atonce=Bye
        > leave 2 6
        C: MAIL FROM:<a@x.example>
        C: RCPT TO:<b@y.example>
        C: BDAT 7…
        S: 250 ok
        S: 250 ok
        S: 552 no
        ! send failed: message, BDAT, message phase, retry no, 552
        ! - b@y.example rejected, DATA 552
        ! send failed: connection, BDAT, message phase, retry safe, 552
        ! - c@y.example notTried
        ! connection failed: connection, BDAT, message phase, retry safe, 552
        """, chunking: .optimistic)
  }

  /// Nothing of the one after it could have been delivered.
  @Test func `what has not left as far as its end is not in doubt`() {
    play(
      opening("PIPELINING", "CHUNKING") + """
        > hold
        > send a@x.example b@y.example atonce=Hello
        > send a@x.example c@y.example atonce=Bye
        > leave 3 5
        C: MAIL FROM:<a@x.example>
        C: RCPT TO:<b@y.example>
        C: BDAT 7 LAST
        C: Hello…
        > close
        ! send failed: connection, MAIL FROM, envelope phase, retry safe
        ! - b@y.example notTried
        ! send failed: connection, MAIL FROM, envelope phase, retry safe
        ! - c@y.example notTried
        ! connection failed: connection, MAIL FROM, envelope phase, retry safe
        """, chunking: .optimistic)
  }

  /// The reply to a chunk that is still leaving: what followed would be taken for its rest.
  @Test func `a chunk after a refused one may not be answered before it has left`() {
    play(
      opening("PIPELINING", "CHUNKING") + """
        > send a@x.example b@y.example
        C: MAIL FROM:<a@x.example>
        C: RCPT TO:<b@y.example>
        S: 250 ok
        S: 250 ok
        ! content wanted
        > chunk Hello
        C: BDAT 7
        C: Hello
        > hold
        > chunk dear
        > leave 1 2
        C: BDAT 6
        C: de…
        S: 452 full
        S: 503 too early
        ! send failed: message, BDAT, message phase, retry safe, 452
        ! - b@y.example deferred, DATA 452
        ! connection failed: protocolViolation, BDAT, message phase, retry no
        """, chunking: .on)
  }

  /// Two messages, the first of which has left as a whole, and RSET after it if that is
  /// told. It has as many replies at its end as recipients (RFC 2033 section 4.2): they may
  /// be more than there are commands after it.
  private static func lmtp(recipients: Int, hasReset: Bool) -> String {
    let names = (1...recipients).map { "b\($0)@y.example" }
    let lines = { (line: (String) -> String) in names.map { line($0) + "\n" }.joined() }
    return """
      S: 220 mx.example LMTP
      C: LHLO client.example
      S: 250-mx.example
      S: 250-PIPELINING
      S: 250 CHUNKING
      ! opened
      > hold
      > send a@x.example \(names.joined(separator: " ")) atonce=Hello
      > send a@x.example c@y.example atonce=Bye
      > leave \(3 + recipients + (hasReset ? 1 : 0))
      C: MAIL FROM:<a@x.example>
      \(lines { "C: RCPT TO:<\($0)>" })
      C: BDAT 7 LAST
      C: Hello
      \(hasReset ? "C: RSET" : "")
      S: 250 ok
      \(lines { _ in "S: 250 ok" })
      \(lines { _ in "S: 250 yes" })
      ! send ok
      \(lines { "! - \($0) accepted, DATA 250" })

      """
  }

  @Test(arguments: [2, 6])
  func `the replies to one message of LMTP stand for one command`(_ recipients: Int) {
    play(
      Self.lmtp(recipients: recipients, hasReset: true) + """
        S: 250 reset
        > leave 4
        C: MAIL FROM:<a@x.example>
        C: RCPT TO:<c@y.example>
        C: BDAT 5 LAST
        C: Bye
        S: 250 ok
        S: 250 ok
        S: 250 yes
        ! send ok
        ! - c@y.example accepted, DATA 250
        """, isLMTP: true, chunking: .optimistic)
  }

  @Test(arguments: [false, true])
  func `commands after them may not be answered before they have left`(_ hasReset: Bool) {
    let reset = hasReset ? "S: 250 reset\n> wait 1\n" : ""
    let place = hasReset ? "MAIL FROM" : "RSET"
    play(
      Self.lmtp(recipients: 6, hasReset: hasReset) + reset + """
        S: 250 too early
        ! send failed: protocolViolation, \(place), envelope phase, retry no
        ! - c@y.example notTried
        ! connection failed: protocolViolation, \(place), envelope phase, retry no
        """, isLMTP: true, chunking: .optimistic)
  }

  /// Commands of every kind, and where the session says it is.
  @Test(arguments: [
    ("> hold\nS: 220 mx.example", "", "protocolViolation, EHLO, hello"),
    (
      opening() + "> hold\n> send a@x.example b@y.example", "send",
      "protocolViolation, MAIL FROM, envelope"
    ),
    (
      opening("AUTH PLAIN") + "> hold\n> login PLAIN u p", "login",
      "protocolViolation, AUTH PLAIN, auth"
    ),
    (opening() + "> hold\n> reset", "reset", "protocolViolation, RSET, reset"),
    (
      """
      S: 220 mx.example
      C: EHLO client.example
      > hold
      S: 250-mx.example
      S: 250 STARTTLS
      """, "", "tls, STARTTLS, starttls"
    ),
  ])
  func `no command is answered before it has left`(
    _ before: String, _ operation: String, _ failure: String
  ) {
    let recipients = operation == "send" ? "! - b@y.example notTried\n" : ""
    for code in [220, 235, 250, 354, 500] {
      play(
        before + "\nS: \(code) too early\n"
          + (operation.isEmpty ? "" : "! \(operation) failed: \(failure) phase, retry no\n")
          + recipients + "! connection failed: \(failure) phase, retry no\n")
    }
  }

  @Test func `after QUIT was said nothing is an error`() {
    play(opening() + "> hold\n> quit\nS: 221 too early\n! quit ok\n")
  }

  /// What is there already when the command is made is no answer to it, whole or not.
  @Test(arguments: ["250 too early", "2", "???"])
  func `nor in one packet with what leads to it`(_ early: String) {
    play(
      opening() + """
        > send a@x.example b@y.example
        C: MAIL FROM:<a@x.example>
        S: 250 ok
        S: \(early)
        ! send failed: protocolViolation, RCPT TO, envelope phase, retry no
        ! - b@y.example notTried
        ! connection failed: protocolViolation, RCPT TO, envelope phase, retry no
        """, feeding: [.whole])
  }

  /// Blank lines mean nothing between replies.
  @Test func `a blank line in one packet with what leads to a command is none`() {
    play(
      opening() + """
        > reset
        C: RSET
        S: 250 ok
        S:\u{20}
        ! reset ok
        > send a@x.example b@y.example
        C: MAIL FROM:<a@x.example>
        S: 250 ok
        S:\u{20}
        C: RCPT TO:<b@y.example>
        """)
  }

  /// A part of a reply is here when an operation begins: it is none to what that will ask.
  @Test(arguments: ["> reset", "> quit", "> send a@x.example b@y.example", "> login PLAIN u p"])
  func `nothing may be there when an operation begins`(_ operation: String) {
    play(
      opening("AUTH PLAIN") + """
        > part 25
        \(operation)
        ! connection failed: protocolViolation, CONN, idle phase, retry safe
        """)
  }

  @Test func `nor when a mechanism that took its time has its answer`() {
    play(
      opening("AUTH LATER") + """
        > login LATER u p
        C: AUTH LATER
        S: 334
        > part 33
        > answer me
        ! login failed: protocolViolation, AUTH LATER, auth phase, retry safe
        ! connection failed: protocolViolation, AUTH LATER, auth phase, retry safe
        """)
  }
}
