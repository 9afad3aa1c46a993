import Testing

@testable import SMTPProtocol

/// LMTP (RFC 2033): LHLO, and a final reply for each recipient that was accepted.
@Suite struct LMTPTests {
  static func hello(_ keywords: String = "") -> String {
    "S: 220 mx.example LMTP\nC: LHLO client.example\n"
      + (keywords.isEmpty ? "" : "S: 250-mx.example\n")
      + "S: 250 \(keywords.isEmpty ? "mx.example" : keywords)\n! opened\n"
  }

  /// Three recipients and whatever RCPT is answered, until all of the content is
  /// written.
  private static func content(_ replies: String...) -> String {
    hello("PIPELINING") + """
      > send a@x.example r1@y.example r2@y.example r3@y.example
      C: MAIL FROM:<a@x.example>
      C: RCPT TO:<r1@y.example>
      C: RCPT TO:<r2@y.example>
      C: RCPT TO:<r3@y.example>
      C: DATA
      S: 250 ok

      """ + replies.map { "S: \($0)\n" }.joined() + """
        S: 354 go ahead
        ! content wanted
        > content x
        C: x
        C: .

        """
  }

  private static let accepted = content("250 ok", "250 ok", "250 ok")

  @discardableResult
  private func play(
    _ transcript: String, location: SourceLocation = #_sourceLocation
  ) -> [Conversation] {
    SMTPProtocolTests.play(transcript, isLMTP: true, location: location)
  }

  // MARK: Opening

  @Test(arguments: [500, 501, 502, 504, 550, 554, 421])
  func `there is no way back to HELO`(_ code: Int) {
    let ends =
      code == 421
      ? "! connection failed: connection, LHLO, hello phase, retry safe, 421"
      : "C: QUIT\n! connection failed: protocolViolation, LHLO, hello phase, retry no, \(code)"
    play("S: 220 hi\nC: LHLO client.example\nS: \(code) what?\n\(ends)\n")
  }

  @Test func `LHLO comes again under TLS`() {
    play(
      """
      S: 220 hi
      C: LHLO client.example
      S: 250-mx.example
      S: 250 STARTTLS
      C: STARTTLS
      S: 220 go
      ! start TLS
      > secured
      C: LHLO client.example
      S: 250 mx.example
      ! opened
      """)
  }

  // MARK: Final replies

  @Test func `every recipient has a reply of its own, in their order`() {
    let conversations = play(
      Self.accepted + """
        S: 250 2.0.0 first
        S: 452 4.2.2 second
        S: 550 5.2.1 third
        ! send ok
        ! - r1@y.example accepted, DATA 250
        ! - r2@y.example deferred, DATA 452
        ! - r3@y.example rejected, DATA 550
        > reset
        C: RSET
        S: 250 ok
        ! reset ok
        """)
    #expect(conversations.allSatisfy { $0.session.isReady })
  }

  @Test func `the replies may come one after the other`() {
    let conversations = play(
      Self.accepted + """
        S: 550 no
        > wait 10
        S: 250 yes
        > wait 10
        S: 250-yes
        S: 250 indeed
        ! send ok
        ! - r1@y.example rejected, DATA 550
        ! - r2@y.example accepted, DATA 250
        ! - r3@y.example accepted, DATA 250
        """)
    #expect(conversations.allSatisfy { $0.session.isReady })
  }

  @Test func `those whom RCPT refused have no final reply`() {
    play(
      Self.content("550 no", "250 ok", "451 later") + """
        S: 250 yes
        ! send ok
        ! - r1@y.example rejected, RCPT TO 550
        ! - r2@y.example accepted, DATA 250
        ! - r3@y.example deferred, RCPT TO 451
        """)
    play(
      Self.content("250 ok", "550 no", "250 ok") + """
        S: 250 yes
        S: 452 full
        ! send ok
        ! - r1@y.example accepted, DATA 250
        ! - r2@y.example rejected, RCPT TO 550
        ! - r3@y.example deferred, DATA 452
        """)
  }

  /// RFC 2033 section 4.2: one for each time that it was given.
  @Test func `a recipient given twice has two replies`() {
    play(
      Self.hello() + """
        > send a@x.example r1@y.example r2@y.example r1@y.example
        C: MAIL FROM:<a@x.example>
        S: 250 ok
        C: RCPT TO:<r1@y.example>
        S: 250 ok
        C: RCPT TO:<r2@y.example>
        S: 250 ok
        C: RCPT TO:<r1@y.example>
        S: 250 ok
        C: DATA
        S: 354 go ahead
        ! content wanted
        > content x
        C: x
        C: .
        S: 550 no
        S: 250 yes
        S: 250 yes
        ! send ok
        ! - r1@y.example rejected, DATA 550
        ! - r2@y.example accepted, DATA 250
        ! - r1@y.example accepted, DATA 250
        """)
  }

  @Test func `a message that no recipient got has failed`() {
    let conversations = play(
      Self.accepted + """
        S: 550 no
        S: 551 no
        S: 552 no
        ! send failed: message, DATA, message phase, retry no, 552
        ! - r1@y.example rejected, DATA 550
        ! - r2@y.example rejected, DATA 551
        ! - r3@y.example rejected, DATA 552
        > send b@x.example r1@y.example
        C: RSET
        C: MAIL FROM:<b@x.example>
        C: RCPT TO:<r1@y.example>
        C: DATA
        """)
    #expect(conversations.allSatisfy { !$0.session.isOver })
  }

  @Test func `one that a recipient may get later may be tried again`() {
    play(
      Self.content("250 ok", "550 no", "250 ok") + """
        S: 452 full
        S: 550 no
        ! send failed: message, DATA, message phase, retry safe, 550
        ! - r1@y.example deferred, DATA 452
        ! - r2@y.example rejected, RCPT TO 550
        ! - r3@y.example rejected, DATA 550
        """)
  }

  @Test func `one reply too many answers no command`() {
    play(
      Self.content("550 no", "550 no", "250 ok") + """
        S: 250 yes
        ! send ok
        ! - r1@y.example rejected, RCPT TO 550
        ! - r2@y.example rejected, RCPT TO 550
        ! - r3@y.example accepted, DATA 250
        S: 250 yes
        ! connection failed: protocolViolation, CONN, idle phase, retry safe, 250
        """)
  }

  // MARK: Interruptions

  @Test(arguments: ["close", "abort"])
  func `who was answered keeps the answer when the peer is lost`(_ operation: String) {
    let code = operation == "close" ? "connection, DATA, message" : "timedOut, API, idle"
    let after = { (replies: String, told: String) in
      Self.accepted + replies + """
        > \(operation)
        ! send failed: \(code) phase, retry unknown
        \(told)
        ! connection failed: \(code) phase, retry unknown
        """
    }
    play(
      after(
        "",
        "! - r1@y.example unknown, RCPT TO 250\n! - r2@y.example unknown, RCPT TO 250\n"
          + "! - r3@y.example unknown, RCPT TO 250"))
    play(
      after(
        "S: 250 yes\n",
        "! - r1@y.example accepted, DATA 250\n! - r2@y.example unknown, RCPT TO 250\n"
          + "! - r3@y.example unknown, RCPT TO 250"))
    play(
      after(
        "S: 550 no\nS: 452 full\n",
        "! - r1@y.example rejected, DATA 550\n! - r2@y.example deferred, DATA 452\n"
          + "! - r3@y.example unknown, RCPT TO 250"))
  }

  @Test func `a final reply that asks for more is none`() {
    let conversations = play(
      Self.accepted + """
        S: 250 yes
        S: 354 more
        ! send failed: protocolViolation, CONN, message phase, retry unknown, 354
        ! - r1@y.example accepted, DATA 250
        ! - r2@y.example unknown, RCPT TO 250
        ! - r3@y.example unknown, RCPT TO 250
        ! connection failed: protocolViolation, CONN, message phase, retry unknown, 354
        """)
    #expect(conversations.allSatisfy { $0.session.isOver })
  }

  @Test func `421 ends all pending operations`() {
    play(
      Self.accepted + """
        S: 250 yes
        S: 421 bye
        ! send ok
        ! - r1@y.example accepted, DATA 250
        ! - r2@y.example deferred, DATA 421
        ! - r3@y.example deferred, DATA 421
        ! connection failed: connection, DATA, message phase, retry safe, 421
        """)
  }

  // MARK: Chunks

  /// A message whose last chunk is on its way when the first is answered.
  private static func chunks(_ recipients: String...) -> String {
    hello("PIPELINING\nS: 250 CHUNKING").replacing("S: 250 PIPELINING", with: "S: 250-PIPELINING")
      + """
      > send a@x.example \(recipients.joined(separator: " "))
      C: MAIL FROM:<a@x.example>
      \(recipients.map { "C: RCPT TO:<\($0)>" }.joined(separator: "\n"))
      S: 250 ok
      \(recipients.map { _ in "S: 250 ok" }.joined(separator: "\n"))
      ! content wanted
      > chunk Hello
      C: BDAT 7
      C: Hello
      > last Bob
      C: BDAT 5 LAST
      C: Bob

      """
  }

  /// A server may answer the last chunk once, or once for each: it is not known what the
  /// reply after the next one is for.
  @Test func `a refused chunk of a message to several ends the connection`() {
    let conversations = SMTPProtocolTests.play(
      Self.chunks("r1@y.example", "r2@y.example") + """
        S: 452 full
        ! send failed: message, BDAT, message phase, retry safe, 452
        ! - r1@y.example deferred, DATA 452
        ! - r2@y.example deferred, DATA 452
        ! connection failed: connection, BDAT, message phase, retry safe, 452
        """, isLMTP: true, chunking: .on)
    #expect(conversations.allSatisfy { $0.session.isOver })
  }

  @Test func `one of a message to a single recipient does not`() {
    let conversations = SMTPProtocolTests.play(
      Self.chunks("r1@y.example") + """
        S: 452 full
        > wait 1
        S: 503 no
        ! send failed: message, BDAT, message phase, retry safe, 452
        ! - r1@y.example deferred, DATA 452
        > send b@x.example r1@y.example
        C: RSET
        C: MAIL FROM:<b@x.example>
        C: RCPT TO:<r1@y.example>
        """, isLMTP: true, chunking: .on)
    #expect(conversations.allSatisfy { !$0.session.isOver })
  }

  // MARK: Nobody

  @Test func `DATA is refused when no recipient is accepted`() {
    let conversations = play(
      Self.hello("PIPELINING") + """
        > send a@x.example r1@y.example
        C: MAIL FROM:<a@x.example>
        C: RCPT TO:<r1@y.example>
        C: DATA
        S: 250 ok
        S: 550 no
        S: 503 no recipients
        ! send failed: envelope, RCPT TO, envelope phase, retry no, 550
        ! - r1@y.example rejected, RCPT TO 550
        """)
    #expect(conversations.allSatisfy { $0.session.isReady })
  }

  /// RFC 2033 section 4.2: DATA must be refused here. After a dot there would be a
  /// reply for each accepted recipient: none, so nothing may be waited for.
  @Test func `a server that accepts DATA without recipients`() {
    let conversations = play(
      Self.hello("PIPELINING") + """
        > send a@x.example r1@y.example
        C: MAIL FROM:<a@x.example>
        C: RCPT TO:<r1@y.example>
        C: DATA
        S: 250 ok
        S: 550 no
        S: 354 go ahead
        ! send failed: envelope, RCPT TO, envelope phase, retry no, 550
        ! - r1@y.example rejected, RCPT TO 550
        ! connection failed: protocolViolation, DATA, envelope phase, retry no, 354
        """)
    #expect(conversations.allSatisfy { $0.session.isOver })
  }

  /// With SMTP the first final reply is for all.
  @Test func `SMTP has one final reply`() {
    SMTPProtocolTests.play(
      opening() + """
        > send a@x.example r1@y.example r2@y.example
        C: MAIL FROM:<a@x.example>
        S: 250 ok
        C: RCPT TO:<r1@y.example>
        S: 250 ok
        C: RCPT TO:<r2@y.example>
        S: 250 ok
        C: DATA
        S: 354 go ahead
        ! content wanted
        > content x
        C: x
        C: .
        S: 550 no
        ! send failed: message, DATA, message phase, retry no, 550
        ! - r1@y.example rejected, DATA 550
        ! - r2@y.example rejected, DATA 550
        """)
  }
}
