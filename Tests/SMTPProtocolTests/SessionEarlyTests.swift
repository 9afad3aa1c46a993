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
        ! send failed: protocolViolation, CONN, idle phase, retry no
        ! - b@y.example notTried
        ! - c@y.example notTried
        ! connection failed: protocolViolation, CONN, idle phase, retry no
        """)
  }

  @Test func `nor in one packet with what may`() {
    play(
      Self.start + """
        S: 250 ok
        S: 250 too early
        ! send failed: protocolViolation, CONN, idle phase, retry no
        ! - b@y.example notTried
        ! - c@y.example notTried
        ! connection failed: protocolViolation, CONN, idle phase, retry no
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

  /// Nothing of the one behind could have been delivered.
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
        ! send failed: connection, CONN, idle phase, retry safe
        ! - b@y.example notTried
        ! send failed: connection, CONN, idle phase, retry safe
        ! - c@y.example notTried
        ! connection failed: connection, CONN, idle phase, retry safe
        """, chunking: .optimistic)
  }

  /// The reply to a chunk that is still leaving: what followed would be taken for its rest.
  @Test func `a chunk behind a refused one may not be answered before it has left`() {
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
        ! connection failed: protocolViolation, CONN, idle phase, retry no
        """, chunking: .on)
  }

  /// Two messages, the first of which has left as a whole, and RSET behind it if that is
  /// told. It has as many replies at its end as recipients (RFC 2033 section 4.2): they may
  /// be more than there are commands behind it.
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
  func `what is behind them may not be answered before it has left`(_ hasReset: Bool) {
    let reset = hasReset ? "S: 250 reset\n> wait 1\n" : ""
    play(
      Self.lmtp(recipients: 6, hasReset: hasReset) + reset + """
        S: 250 too early
        ! send failed: protocolViolation, CONN, idle phase, retry no
        ! - c@y.example notTried
        ! connection failed: protocolViolation, CONN, idle phase, retry no
        """, isLMTP: true, chunking: .optimistic)
  }
}
