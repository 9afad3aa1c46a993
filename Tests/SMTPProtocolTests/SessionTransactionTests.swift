import Testing

@testable import SMTPProtocol

/// A server without PIPELINING: one command at a time (RFC 5321 section 3.3).
@Suite struct SessionTransactionTests {
  private static let start = opening("SIZE 1000")
  private static let mail = """
    > send a@x.example b@y.example c@y.example
    C: MAIL FROM:<a@x.example>
    S: 250 2.1.0 ok
    C: RCPT TO:<b@y.example>

    """

  @Test func `a message for everybody`() {
    let conversations = play(
      Self.start + Self.mail + """
        S: 250 2.1.5 ok
        C: RCPT TO:<c@y.example>
        S: 251 will forward
        C: DATA
        S: 354 go ahead
        ! content wanted
        > content Hello\\n.\\nworld
        C: Hello
        C: ..
        C: world
        C: .
        S: 250 queued
        ! send ok
        ! - b@y.example accepted, RCPT TO 250
        ! - c@y.example accepted, RCPT TO 251
        """)
    #expect(conversations.allSatisfy { $0.session.isReady })
  }

  /// Case 50 of the original.
  @Test func `a message for those who are accepted`() {
    play(
      Self.start + Self.mail + """
        S: 550 5.1.1 no such user
        C: RCPT TO:<c@y.example>
        S: 252 cannot verify
        C: DATA
        S: 354 go ahead
        ! content wanted
        > content
        C: .
        S: 250 queued
        ! send ok
        ! - b@y.example rejected, RCPT TO 550
        ! - c@y.example accepted, RCPT TO 252
        > quit
        C: QUIT
        S: 221 bye
        ! quit ok
        """)
  }

  /// Cases 54 and 64 of the original.
  @Test(arguments: [(550, 550, "no"), (450, 550, "safe"), (550, 452, "safe"), (450, 450, "safe")])
  func `DATA is not sent when no recipient is accepted`(
    _ first: Int, _ second: Int, _ retry: String
  ) {
    let word = { (code: Int) in code < 500 ? "deferred" : "rejected" }
    play(
      Self.start + Self.mail + """
        S: \(first) no
        C: RCPT TO:<c@y.example>
        S: \(second) no
        ! send failed: envelope, RCPT TO, envelope phase, retry \(retry), \(second)
        ! - b@y.example \(word(first)), RCPT TO \(first)
        ! - c@y.example \(word(second)), RCPT TO \(second)
        """)
  }

  /// Cases 56 and 65 of the original.
  @Test(arguments: [(550, "no"), (452, "safe"), (503, "no"), (555, "no")])
  func `nothing follows a refused sender`(_ code: Int, _ retry: String) {
    let conversations = play(
      Self.start + """
        > send a@x.example b@y.example c@y.example
        C: MAIL FROM:<a@x.example>
        S: \(code) no
        ! send failed: envelope, MAIL FROM, envelope phase, retry \(retry), \(code)
        ! - b@y.example notTried
        ! - c@y.example notTried
        """)
    #expect(conversations.allSatisfy { $0.session.isReady })
  }

  private static let data = """
    > send a@x.example b@y.example c@y.example
    C: MAIL FROM:<a@x.example>
    S: 250 ok
    C: RCPT TO:<b@y.example>
    S: 550 no
    C: RCPT TO:<c@y.example>
    S: 250 ok
    C: DATA

    """

  @Test(arguments: [(451, "deferred", "safe"), (554, "rejected", "no"), (503, "rejected", "no")])
  func `a refusal of DATA is for those who were accepted`(
    _ code: Int, _ status: String, _ retry: String
  ) {
    let conversations = play(
      Self.start + Self.data + """
        S: \(code) no
        ! send failed: envelope, DATA, envelope phase, retry \(retry), \(code)
        ! - b@y.example rejected, RCPT TO 550
        ! - c@y.example \(status), DATA \(code)
        """)
    #expect(conversations.allSatisfy { $0.session.isReady })
  }

  /// Content would be taken for commands.
  @Test(arguments: [250, 251, 200, 235])
  func `only 354 starts the content`(_ code: Int) {
    let conversations = play(
      Self.start + Self.data + """
        S: \(code) go ahead
        ! send failed: protocolViolation, DATA, envelope phase, retry no, \(code)
        ! - b@y.example rejected, RCPT TO 550
        ! - c@y.example notTried, RCPT TO 250
        ! connection failed: protocolViolation, DATA, envelope phase, retry no, \(code)
        """)
    #expect(conversations.allSatisfy { $0.session.isOver })
  }

  @Test(arguments: [334, 300, 355])
  func `no other 3yz starts the content`(_ code: Int) {
    play(
      Self.start + Self.data + """
        S: \(code) go ahead
        ! send failed: protocolViolation, CONN, envelope phase, retry safe, \(code)
        ! - b@y.example rejected, RCPT TO 550
        ! - c@y.example notTried, RCPT TO 250
        ! connection failed: protocolViolation, CONN, envelope phase, retry safe, \(code)
        """)
  }

  @Test(arguments: [(451, "deferred", "safe"), (554, "rejected", "no"), (552, "rejected", "no")])
  func `a refusal of the content is for those who were accepted`(
    _ code: Int, _ status: String, _ retry: String
  ) {
    let conversations = play(
      Self.start + Self.data + """
        S: 354 go
        ! content wanted
        > content Hello
        C: Hello
        C: .
        S: \(code) no
        ! send failed: message, DATA, message phase, retry \(retry), \(code)
        ! - b@y.example rejected, RCPT TO 550
        ! - c@y.example \(status), DATA \(code)
        """)
    #expect(conversations.allSatisfy { $0.session.isReady })
  }

  @Test(
    arguments: [(552, "rejected", "no"), (451, "deferred", "safe")],
    ["", "> partial Hello\\n\nC: Hello\n"])
  func `a refusal in the middle of the content ends the connection`(
    _ reply: (code: Int, status: String, retry: String), _ content: String
  ) {
    let failure = "retry \(reply.retry), \(reply.code)"
    play(
      Self.start + Self.data + "S: 354 go\n! content wanted\n" + content + """
        S: \(reply.code) too much
        ! send failed: message, DATA, message phase, \(failure)
        ! - b@y.example rejected, RCPT TO 550
        ! - c@y.example \(reply.status), DATA \(reply.code)
        ! connection failed: connection, DATA, message phase, retry safe, \(reply.code)
        """)
  }

  @Test(arguments: [250, 354])
  func `the content is not accepted before its end`(_ code: Int) {
    play(
      Self.start + Self.data + """
        S: 354 go
        ! content wanted
        S: \(code) queued
        ! send failed: protocolViolation, CONN, message phase, retry safe, \(code)
        ! - b@y.example rejected, RCPT TO 550
        ! - c@y.example notTried, RCPT TO 250
        ! connection failed: protocolViolation, CONN, message phase, retry safe, \(code)
        """)
  }

  /// The server may have taken the message all the same.
  @Test func `3yz after the content leaves the message in doubt`() {
    play(
      Self.start + Self.data + """
        S: 354 go
        ! content wanted
        > content Hello
        C: Hello
        C: .
        S: 354 more
        ! send failed: protocolViolation, CONN, message phase, retry unknown, 354
        ! - b@y.example rejected, RCPT TO 550
        ! - c@y.example unknown, RCPT TO 250
        ! connection failed: protocolViolation, CONN, message phase, retry unknown, 354
        """)
  }

  /// Case 52 of the original.
  /// What RSET would have removed, recipients of the message before, is still there.
  @Test func `nothing follows a refused RSET`() {
    play(
      Self.start + """
        > send a@x.example b@y.example
        C: MAIL FROM:<a@x.example>
        S: 250 ok
        C: RCPT TO:<b@y.example>
        S: 550 no
        ! send failed: envelope, RCPT TO, envelope phase, retry no, 550
        ! - b@y.example rejected, RCPT TO 550
        > send <> b@y.example
        C: RSET
        S: 502 what?
        ! send failed: protocolViolation, RSET, envelope phase, retry safe, 502
        ! - b@y.example notTried
        ! connection failed: protocolViolation, RSET, envelope phase, retry safe, 502
        """)
  }

  @Test(arguments: ["250 ok", "250 2.0.0 flushed"])
  func `RSET goes before the next message after a failure, and only then`(_ reset: String) {
    let failed = """
      > send a@x.example b@y.example
      C: MAIL FROM:<a@x.example>
      S: 250 ok
      C: RCPT TO:<b@y.example>
      S: 550 no
      ! send failed: envelope, RCPT TO, envelope phase, retry no, 550
      ! - b@y.example rejected, RCPT TO 550

      """
    let sent = """
      C: MAIL FROM:<>
      S: 250 ok
      C: RCPT TO:<b@y.example>
      S: 250 ok
      C: DATA
      S: 354 go
      ! content wanted
      > content x
      C: x
      C: .
      S: 250 queued
      ! send ok
      ! - b@y.example accepted, RCPT TO 250

      """
    play(
      Self.start + failed + "> send <> b@y.example\nC: RSET\nS: \(reset)\n" + sent
        + "> send <> b@y.example\n" + sent)
    // The caller's own RSET is as good, unless it was refused.
    play(
      Self.start + failed + "> reset\nC: RSET\nS: 250 ok\n! reset ok\n> send <> b@y.example\n"
        + sent)
    play(
      Self.start + failed + """
        > reset
        C: RSET
        S: 500 no
        ! reset failed: protocolViolation, RSET, reset phase, retry no, 500
        > send <> b@y.example
        C: RSET
        S: 250 ok

        """ + sent)
  }

  @Test func `3yz to RSET is nonsense`() {
    play(
      Self.start + """
        > send a@x.example b@y.example
        C: MAIL FROM:<a@x.example>
        S: 250 ok
        C: RCPT TO:<b@y.example>
        S: 550 no
        ! send failed: envelope, RCPT TO, envelope phase, retry no, 550
        ! - b@y.example rejected, RCPT TO 550
        > send a@x.example b@y.example
        C: RSET
        S: 354 go
        ! send failed: protocolViolation, CONN, envelope phase, retry safe, 354
        ! - b@y.example notTried
        ! connection failed: protocolViolation, CONN, envelope phase, retry safe, 354
        """)
  }

  @Test func `a recipient that is named twice is two recipients`() {
    play(
      Self.start + """
        > send a@x.example b@y.example b@y.example
        C: MAIL FROM:<a@x.example>
        S: 250 ok
        C: RCPT TO:<b@y.example>
        S: 550 no
        C: RCPT TO:<b@y.example>
        S: 250 ok
        C: DATA
        S: 354 go
        ! content wanted
        > content x
        C: x
        C: .
        S: 250 queued
        ! send ok
        ! - b@y.example rejected, RCPT TO 550
        ! - b@y.example accepted, RCPT TO 250
        """)
  }
}
