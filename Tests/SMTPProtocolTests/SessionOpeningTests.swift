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

  /// Cases 1 and 2 of the original.
  @Test func `blank lines around replies mean nothing`() {
    play(
      """
      S:
      S: 220 mx.example
      C: EHLO client.example
      S: 250-mx.example
      S: 250 SIZE
      S:
      ! opened
      """)
  }

  /// Case 17 of the original.
  @Test func `a greeting that is not ASCII hides no capability`() {
    let conversations = play(opening("PIPELINING", "SIZE 1000", "X-GRÜSSE é"))
    #expect(conversations.allSatisfy { $0.session.capabilities.pipelining })
  }

  @Test(arguments: [
    (554, "no"), (550, "no"), (250, "no"), (221, "no"), (200, "no"), (354, "no"), (334, "no"),
    (450, "safe"), (451, "safe"),
  ])
  func `any other greeting is answered with QUIT`(_ code: Int, _ retry: String) {
    let conversations = play(
      """
      S: \(code) go away
      C: QUIT
      ! connection failed: protocolViolation, CONN, greeting phase, retry \(retry), \(code)
      """)
    #expect(conversations.allSatisfy { $0.session.isOver })
  }

  /// The last line decides; what is not a refusal then is nonsense.
  @Test(arguments: [(554, "no"), (521, "no"), (450, "safe")])
  func `a greeting that ends with a refusal is that refusal`(_ code: Int, _ retry: String) {
    play(
      """
      S: 220-mx.example
      S: \(code) 5.7.1 blocked
      C: QUIT
      ! connection failed: protocolViolation, CONN, greeting phase, retry \(retry), \(code)
      """)
  }

  @Test func `a greeting that ends with 421 is that refusal`() {
    play(
      """
      S: 220-mx.example
      S: 421 later
      ! connection failed: connection, CONN, greeting phase, retry safe, 421
      """)
  }

  @Test(arguments: ["220-mx\nS: 250 ok", "554-no\nS: 220 mx", "220-mx\nS: 554-no\nS: 220 mx"])
  func `a greeting whose lines differ is never a success`(_ lines: String) {
    play("S: \(lines)\n! connection failed: protocolViolation, CONN, greeting phase, retry no\n")
  }

  @Test(arguments: [500, 501, 502, 504, 550])
  func `a server that does not know EHLO is greeted with HELO`(_ code: Int) {
    let conversations = play(
      """
      S: 220 mx.example SMTP
      C: EHLO client.example
      S: \(code)-what? PIPELINING
      S: \(code) SIZE 10
      C: HELO client.example
      S: 250-mx.example
      S: 250 PIPELINING
      ! opened
      """)
    for conversation in conversations {
      #expect(conversation.session.isReady)
      #expect(conversation.session.capabilities.lines.isEmpty)
      #expect(!conversation.session.capabilities.pipelining)
    }
  }

  @Test(arguments: [
    (450, "safe"), (451, "safe"), (454, "safe"), (503, "no"), (521, "no"), (530, "no"),
    (552, "no"), (554, "no"), (354, "no"), (334, "no"),
  ])
  func `a server that refuses EHLO for another reason is left`(_ code: Int, _ retry: String) {
    play(
      """
      S: 220 mx.example
      C: EHLO client.example
      S: \(code) no
      C: QUIT
      ! connection failed: protocolViolation, EHLO, hello phase, retry \(retry), \(code)
      """)
  }

  @Test(arguments: [(550, "no"), (502, "no"), (451, "safe"), (354, "no")])
  func `a server that refuses HELO is left`(_ code: Int, _ retry: String) {
    play(
      """
      S: 220 mx.example
      C: EHLO client.example
      S: 502 what?
      C: HELO client.example
      S: \(code) no
      C: QUIT
      ! connection failed: protocolViolation, HELO, hello phase, retry \(retry), \(code)
      """)
  }

  @Test(arguments: [
    ("", "CONN, greeting phase"),
    ("S: 220 mx.example\nC: EHLO client.example\n", "EHLO, hello phase"),
    (
      """
      S: 220 mx.example
      C: EHLO client.example
      S: 500 what?
      C: HELO client.example

      """, "HELO, hello phase"
    ),
    (opening("SIZE"), "CONN, idle phase"),
  ])
  func `421 ends it wherever it comes, and may be tried again`(
    _ before: String, _ position: String
  ) {
    let conversations = play(
      before + "S: 421 busy\n! connection failed: connection, \(position), retry safe, 421")
    #expect(conversations.allSatisfy { $0.session.isOver })
  }

  @Test(arguments: [(250, "2yz"), (500, "5yz"), (354, "3yz"), (220, "greeting")])
  func `a reply without a command is a violation`(_ code: Int, _ kind: String) {
    let conversations = play(
      opening("SIZE") + """
        S: \(code) hello
        ! connection failed: protocolViolation, CONN, idle phase, retry safe, \(code)
        """)
    #expect(conversations.allSatisfy { $0.session.isOver })
  }

  /// It would be taken for the reply to EHLO.
  @Test func `a reply in the same piece as the greeting is seen to be too early`() {
    var conversation = Conversation(name: "client.example")
    conversation.receive(bytes("220 mx.example\r\n250 PIPELINING\r\n"))
    #expect(conversation.takeOutput().isEmpty)
    #expect(
      conversation.takeEvents().flatMap { $0.lines }
        == ["connection failed: protocolViolation, EHLO, hello phase, retry no"])
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

  @Test(arguments: [
    ("", "CONN, greeting"), ("S: 220 mx.example\nC: EHLO client.example\n", "EHLO, hello"),
    (opening(), "CONN, idle"),
  ])
  func `the end of the connection is reported once`(_ before: String, _ position: String) {
    play(before + "> close\n! connection failed: connection, \(position) phase, retry safe\n")
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
