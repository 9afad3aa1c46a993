import Testing

@testable import SMTPProtocol

/// From the greeting to EHLO or HELO (RFC 5321 sections 3.1 and 3.2).
@Suite struct SessionOpeningTests {
  @Test func `220 is answered with EHLO, and 250 opens the session`() {
    let conversations = play(
      """
      S: 220-mx.example ESMTP
      S: 220 no spam please
      C: EHLO client.example
      S: 250-mx.example greets client.example
      S: 250-SIZE 1000
      S: 250 PIPELINING
      ! opened
      """)
    for conversation in conversations {
      #expect(conversation.session.isReady)
      #expect(conversation.session.capabilities.pipelining)
      #expect(conversation.session.capabilities.sizeLimit == 1000)
      #expect(!conversation.session.isSecure)
      #expect(conversation.session.lastReply?.lines.count == 3)
    }
  }

  /// Cases 20 and 23 of the original.
  @Test func `last words without a line end are understood when the server closes`() {
    var conversation = Conversation(name: "client.example")
    conversation.receive(bytes("220 mx.example\r\n"))
    _ = conversation.takeOutput()
    conversation.receive(bytes("421 zu spät"))
    #expect(conversation.takeEvents().flatMap { $0.lines }.isEmpty)
    conversation.serverCloses()
    #expect(
      conversation.takeEvents().flatMap { $0.lines }
        == ["connection failed: connection, EHLO, hello phase, retry safe, 421"])
    #expect(conversation.session.lastReply?.lines == [bytes("zu spät")])
  }

  /// Case 13 of the original.
  @Test(arguments: ["a\r\nMAIL FROM:<x@y.example>", "a\n", "a\0", "\u{7F}"])
  func `a name that would start another command is never sent`(_ name: String) {
    play(
      """
      S: 220 mx.example
      ! connection failed: protocolViolation, API, options phase, retry no
      """, name: name)
  }

  @Test(arguments: [221, 250, 334, 421, 554])
  func `nothing follows the end`(_ code: Int) {
    var conversation = Conversation()
    conversation.receive(bytes("554 no\r\n"))
    #expect(conversation.takeEvents().flatMap { $0.lines }.count == 1)
    #expect(text(conversation.takeOutput()) == "QUIT\r\n")
    _ = conversation.session.receive(bytes("\(code) bye\r\n").span, now: 0)
    conversation.session.abort(Failure(.timedOut, "too slow"))
    if let event = conversation.session.nextEvent() { Issue.record("\(event)") }
    #expect(conversation.session.output.isEmpty)
    #expect(conversation.session.isOver)
  }

  @Test func `the driver can say where the dialogue is`() {
    var conversation = Conversation(.required, name: "client.example")
    var positions: [String] = []
    func note() {
      let (phase, command) = conversation.session.position
      positions.append("\(phase) \(command)")
    }
    note()
    for reply in ["220 hi", "250-hi\r\n250 STARTTLS", "220 go"] {
      conversation.receive(bytes(reply + "\r\n"))
      note()
    }
    conversation.perform { session, _ in session.secured() }
    note()
    for reply in ["502 what?", "250 hi", "421 bye"] {
      conversation.receive(bytes(reply + "\r\n"))
      note()
    }
    #expect(
      positions == [
        "greeting CONN", "hello EHLO", "starttls STARTTLS", "starttls STARTTLS", "hello EHLO",
        "hello HELO", "idle CONN", "idle CONN",
      ])
  }
}
