import Testing

@testable import SMTPProtocol

/// A server with PIPELINING: everything up to DATA at once (RFC 2920).
@Suite struct SessionPipeliningTests {
  private static let start = opening("PIPELINING")
  private static let group = """
    C: MAIL FROM:<a@x.example>
    C: RCPT TO:<b@y.example>
    C: RCPT TO:<c@y.example>
    C: DATA

    """
  private static let send = "> send a@x.example b@y.example c@y.example\n" + group

  @Test func `a message for everybody takes two round trips`() {
    play(
      Self.start + Self.send + """
        S: 250 ok
        S: 250 ok
        S: 250-2.1.5 well
        S: 250 2.1.5 ok
        S: 354 go
        ! content wanted
        > content Hello
        C: Hello
        C: .
        S: 250 queued
        ! send ok
        ! - b@y.example accepted, RCPT TO 250
        ! - c@y.example accepted, RCPT TO 250
        > send a@x.example b@y.example c@y.example
        C: MAIL FROM:<a@x.example>
        C: RCPT TO:<b@y.example>
        C: RCPT TO:<c@y.example>
        C: DATA
        """)
  }

  /// Case 53 of the original.
  @Test(arguments: [(450, "deferred"), (550, "rejected")])
  func `a message for those who are accepted`(_ code: Int, _ status: String) {
    play(
      Self.start + Self.send + """
        S: 250 ok
        S: \(code) no
        S: 250 ok
        S: 354 go
        ! content wanted
        > content Hello
        C: Hello
        C: .
        S: 250 queued
        ! send ok
        ! - b@y.example \(status), RCPT TO \(code)
        ! - c@y.example accepted, RCPT TO 250
        """)
  }

  @Test(arguments: [503, 554, 451])
  func `no recipient is accepted, and DATA is refused`(_ code: Int) {
    let conversations = play(
      Self.start + Self.send + """
        S: 250 ok
        S: 550 no
        S: 451 later
        S: \(code) no valid recipients
        ! send failed: envelope, RCPT TO, envelope phase, retry safe, 451
        ! - b@y.example rejected, RCPT TO 550
        ! - c@y.example deferred, RCPT TO 451
        """)
    #expect(conversations.allSatisfy { $0.session.isReady })
  }

  /// RFC 2920 section 3.1.
  @Test(arguments: [250, 554, 451])
  func `no recipient is accepted, and DATA is answered with 354: a dot alone`(_ code: Int) {
    let conversations = play(
      Self.start + Self.send + """
        S: 250 ok
        S: 550 no
        S: 550 no
        S: 354 go
        C: .
        S: \(code) whatever
        ! send failed: envelope, RCPT TO, envelope phase, retry no, 550
        ! - b@y.example rejected, RCPT TO 550
        ! - c@y.example rejected, RCPT TO 550
        > send a@x.example b@y.example c@y.example
        C: RSET

        """ + Self.group)
    #expect(conversations.allSatisfy { !$0.session.isReady && !$0.session.isOver })
  }

  /// Replies for recipients without a sender are not about the recipients.
  @Test(arguments: [503, 250, 550, 451])
  func `a refused sender takes the recipients with it`(_ code: Int) {
    let conversations = play(
      Self.start + Self.send + """
        S: 550 5.7.1 no
        S: \(code) MAIL first
        S: \(code) MAIL first
        S: 503 MAIL first
        ! send failed: envelope, MAIL FROM, envelope phase, retry no, 550
        ! - b@y.example notTried
        ! - c@y.example notTried
        """)
    #expect(conversations.allSatisfy { $0.session.isReady })
  }

  @Test func `a server that takes content from a refused sender is left`() {
    let conversations = play(
      Self.start + Self.send + """
        S: 452 later
        S: 503 MAIL first
        S: 503 MAIL first
        S: 354 go
        ! send failed: envelope, MAIL FROM, envelope phase, retry safe, 452
        ! - b@y.example notTried
        ! - c@y.example notTried
        ! connection failed: envelope, MAIL FROM, envelope phase, retry safe, 452
        """)
    #expect(conversations.allSatisfy { $0.session.isOver })
  }

  @Test(arguments: ["250 ok\nS: 250 ok", "550 no\nS: 550 no"])
  func `only 354 starts the content`(_ recipients: String) {
    let accepted = recipients.hasPrefix("250")
    let status = accepted ? "notTried, RCPT TO 250" : "rejected, RCPT TO 550"
    let nonsense = "protocolViolation, DATA, envelope phase, retry no, 250"
    let failure = accepted ? nonsense : "envelope, RCPT TO, envelope phase, retry no, 550"
    play(
      Self.start + Self.send + """
        S: 250 ok
        S: \(recipients)
        S: 250 go
        ! send failed: \(failure)
        ! - b@y.example \(status)
        ! - c@y.example \(status)
        ! connection failed: \(nonsense)
        """)
  }

  @Test func `a refusal of DATA is for those who were accepted`() {
    play(
      Self.start + Self.send + """
        S: 250 ok
        S: 550 no
        S: 250 ok
        S: 451 4.3.0 no
        ! send failed: envelope, DATA, envelope phase, retry safe, 451
        ! - b@y.example rejected, RCPT TO 550
        ! - c@y.example deferred, DATA 451
        """)
  }

  @Test(arguments: [
    ("S: 354 no\n", "b@y.example notTried\n! - c@y.example notTried"),
    ("S: 250 ok\nS: 354 no\n", "b@y.example notTried\n! - c@y.example notTried"),
    (
      "S: 250 ok\nS: 250 ok\nS: 354 no\n",
      "b@y.example notTried, RCPT TO 250\n! - c@y.example notTried"
    ),
  ])
  func `3yz before its time is nonsense`(_ replies: String, _ recipients: String) {
    play(
      Self.start + Self.send + replies + """
        ! send failed: protocolViolation, CONN, envelope phase, retry safe, 354
        ! - \(recipients)
        ! connection failed: protocolViolation, CONN, envelope phase, retry safe, 354
        """)
  }

  @Test func `3yz to the lone dot is nonsense`() {
    play(
      Self.start + Self.send + """
        S: 250 ok
        S: 550 no
        S: 550 no
        S: 354 go
        C: .
        S: 354 go
        ! send failed: envelope, RCPT TO, envelope phase, retry no, 550
        ! - b@y.example rejected, RCPT TO 550
        ! - c@y.example rejected, RCPT TO 550
        ! connection failed: protocolViolation, CONN, message phase, retry safe, 354
        """)
  }

  /// RSET in the same group as what follows.
  @Test(arguments: ["250 ok", "250 2.0.0 flushed"])
  func `RSET goes in front of the next group after a failure, once`(_ reset: String) {
    play(
      Self.start + Self.send + """
        S: 250 ok
        S: 550 no
        S: 550 no
        S: 503 no
        ! send failed: envelope, RCPT TO, envelope phase, retry no, 550
        ! - b@y.example rejected, RCPT TO 550
        ! - c@y.example rejected, RCPT TO 550
        > send a@x.example b@y.example c@y.example
        C: RSET

        """ + Self.group + """
          S: \(reset)
          S: 250 ok
          S: 250 ok
          S: 250 ok
          S: 354 go
          ! content wanted
          > content x
          C: x
          C: .
          S: 250 queued
          ! send ok
          ! - b@y.example accepted, RCPT TO 250
          ! - c@y.example accepted, RCPT TO 250

          """ + Self.send)
  }

  @Test func `many recipients are one group`() {
    let names = (0..<1000).map { "r\($0)@y.example" }
    let commands = names.map { "C: RCPT TO:<\($0)>\n" }.joined()
    let replies = names.indices.map { "S: \($0 % 3 == 0 ? "550 no" : "250 ok")\n" }.joined()
    let results = names.enumerated().map { index, name in
      "! - \(name) \(index % 3 == 0 ? "rejected, RCPT TO 550" : "accepted, RCPT TO 250")\n"
    }
    play(
      Self.start + "> send <> \(names.joined(separator: " "))\nC: MAIL FROM:<>\n" + commands
        + "C: DATA\nS: 250 ok\n" + replies + "S: 354 go\n! content wanted\n"
        + "> content x\nC: x\nC: .\nS: 250 queued\n! send ok\n" + results.joined())
  }

  @Test func `a reply after the last one is a violation`() {
    play(
      Self.start + Self.send + """
        S: 250 ok
        S: 250 ok
        S: 250 ok
        S: 554 no
        S: 250 one too many
        ! send failed: envelope, DATA, envelope phase, retry no, 554
        ! - b@y.example rejected, DATA 554
        ! - c@y.example rejected, DATA 554
        ! connection failed: protocolViolation, CONN, idle phase, retry safe, 250
        """)
  }
}
