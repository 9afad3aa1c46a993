import Testing

@testable import SMTPProtocol

/// A message for every recipient or for none: DATA waits for the replies to RCPT.
@Suite struct AllOrNoneTests {
  private static let start =
    opening("PIPELINING") + """
      > send a@x.example b@y.example c@y.example allornone
      C: MAIL FROM:<a@x.example>
      C: RCPT TO:<b@y.example>
      C: RCPT TO:<c@y.example>

      """

  @Test func `all are accepted`() {
    play(
      Self.start + """
        S: 250 ok
        S: 250 ok
        S: 250 ok
        C: DATA
        S: 354 go
        ! content wanted
        > content Hello
        C: Hello
        C: .
        S: 250 queued
        ! send ok
        ! - b@y.example accepted, RCPT TO 250
        ! - c@y.example accepted, RCPT TO 250
        """)
  }

  @Test(arguments: [(550, "rejected", "no"), (452, "deferred", "safe")])
  func `one is refused`(_ code: Int, _ status: String, _ retry: String) {
    play(
      Self.start + """
        S: 250 ok
        S: 250 ok
        S: \(code) no
        ! send failed: envelope, RCPT TO, envelope phase, retry \(retry), \(code)
        ! - b@y.example notTried, RCPT TO 250
        ! - c@y.example \(status), RCPT TO \(code)
        > send a@x.example b@y.example
        C: RSET
        C: MAIL FROM:<a@x.example>
        C: RCPT TO:<b@y.example>
        C: DATA
        """)
  }

  @Test func `the sender is refused`() {
    play(
      Self.start + """
        S: 550 no
        S: 503 no
        S: 503 no
        ! send failed: envelope, MAIL FROM, envelope phase, retry no, 550
        ! - b@y.example notTried
        ! - c@y.example notTried
        """)
  }

  @Test func `one at a time it is the same`() {
    play(
      opening() + """
        > send a@x.example b@y.example c@y.example allornone
        C: MAIL FROM:<a@x.example>
        S: 250 ok
        C: RCPT TO:<b@y.example>
        S: 550 no
        C: RCPT TO:<c@y.example>
        S: 250 ok
        ! send failed: envelope, RCPT TO, envelope phase, retry no, 550
        ! - b@y.example rejected, RCPT TO 550
        ! - c@y.example notTried, RCPT TO 250
        """)
  }
}
