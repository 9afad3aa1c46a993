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
}
