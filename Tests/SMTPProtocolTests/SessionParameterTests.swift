import Testing

@testable import SMTPProtocol

/// What goes with MAIL, what is refused before it, and what is known afterwards.
@Suite struct SessionParameterTests {
  /// RFC 6531 section 3.2.
  @Test(arguments: [
    ("é@x.example b@y.example", nil), ("a@x.example b@y.example é@y.example", "é@y.example"),
    ("a@x.example b@é.example", "b@é.example"), ("<> é@y.example", "é@y.example"),
  ])
  func `an address that needs SMTPUTF8 is refused before MAIL`(
    _ request: String, _ recipient: String?
  ) throws {
    var conversation = Conversation()
    Transcript(opening("PIPELINING")).play(.whole, &conversation, #_sourceLocation)
    Transcript.perform("send \(request)", &conversation)
    #expect(conversation.takeOutput().isEmpty)
    let event = try #require(conversation.takeEvents().first)
    guard case .sendDone(let outcome, _) = event else {
      Issue.record("\(event)")
      return
    }
    let failure = try #require(outcome.failure)
    #expect(failure.line == "envelope, MAIL FROM, envelope phase, retry no")
    #expect(failure.recipient.map { text($0) } == recipient)
    #expect(outcome.recipients.allSatisfy { $0.status == .notTried })
    #expect(conversation.session.isReady)
  }

  // MARK: Afterwards

  private func outcome(_ transcript: String) throws -> Outcome {
    var conversation = Conversation()
    var lines = transcript.split(separator: "\n", omittingEmptySubsequences: false)
    let last = lines.removeLast()
    Transcript(lines.joined(separator: "\n")).play(.whole, &conversation, #_sourceLocation)
    conversation.receive(bytes(last.dropFirst(3) + "\r\n"))
    for case .sendDone(let outcome, _) in conversation.takeEvents() { return outcome }
    throw Failure(.state, "the transcript ends before the send does")
  }

  @Test(arguments: ["", "PIPELINING"])
  func `times, size and response of a message are kept`(_ keyword: String) throws {
    let first =
      keyword.isEmpty
      ? "C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<b@y.example>\nS: 250 ok\nC: DATA\n"
      : "C: MAIL FROM:<>\nC: RCPT TO:<b@y.example>\nC: DATA\nS: 250 ok\nS: 250 ok\n"
    let outcome = try outcome(
      opening(keyword) + """
        > wait 100
        > send <> b@y.example

        """ + first
          + """
          > wait 20
          S: 354 go
          ! content wanted
          > wait 3
          > content Hello\\n.\\n
          C: Hello
          C: ..
          C: .
          > wait 4
          S: 250-2.0.0 ok
          S: 250 2.0.0 Ok: queued as 4F2A
          """.replacing("S: 250-2.0.0 ok\n", with: ""))
    #expect(outcome.failure == nil)
    #expect(outcome.envelopeTime == 20)
    #expect(outcome.messageTime == 7)
    // "Hello", ".", each with CRLF, without the added dot and the end.
    #expect(outcome.messageSize == 10)
    #expect(outcome.response?.queueIdentifier == bytes("4F2A"))
  }

  @Test func `a failed message keeps the reply that decided, and each recipient its own`() throws {
    let outcome = try outcome(
      opening("PIPELINING") + """
        > send a@x.example b@y.example c@y.example d@y.example
        C: MAIL FROM:<a@x.example>
        C: RCPT TO:<b@y.example>
        C: RCPT TO:<c@y.example>
        C: RCPT TO:<d@y.example>
        C: DATA
        S: 250 ok
        S: 550 5.1.1 b unknown
        S: 250 ok
        S: 450 4.2.1 d busy
        S: 354 go
        ! content wanted
        > content x
        C: x
        C: .
        S: 554 5.6.0 content refused
        """)
    let failure = try #require(outcome.failure)
    #expect(failure.line == "message, DATA, message phase, retry no, 554")
    #expect(failure.message == "the server refused the message: 554 5.6.0 content refused")
    #expect(outcome.response?.enhancedStatus == bytes("5.6.0"))
    #expect(outcome.messageSize == 3)
    let failures = outcome.recipients.map { $0.failure }
    #expect(
      failures.map { $0?.line } == [
        "envelope, RCPT TO, envelope phase, retry no, 550",
        "message, DATA, message phase, retry no, 554",
        "envelope, RCPT TO, envelope phase, retry safe, 450",
      ])
    #expect(
      failures.map { $0?.recipient.map { text($0) } } == [
        "b@y.example", "c@y.example", "d@y.example",
      ])
    #expect(failures[0]?.message == "the server refused the recipient: 550 5.1.1 b unknown")
  }

  @Test func `a recipient that was not tried has the reason`() throws {
    let outcome = try outcome(
      opening() + """
        > send a@x.example b@y.example
        C: MAIL FROM:<a@x.example>
        S: 550 no
        """)
    let failure = try #require(outcome.recipients.first?.failure)
    #expect(failure.line == "envelope, MAIL FROM, envelope phase, retry no, 550")
    #expect(failure.recipient.map { text($0) } == "b@y.example")
    #expect(outcome.failure?.recipient == nil)
  }

  @Test func `the failure says how many were refused and names the last`() throws {
    let outcome = try outcome(
      opening() + """
        > send a@x.example b@y.example c@y.example
        C: MAIL FROM:<a@x.example>
        S: 250 ok
        C: RCPT TO:<b@y.example>
        S: 550 first
        C: RCPT TO:<c@y.example>
        S: 551 second
        """)
    let failure = try #require(outcome.failure)
    #expect(failure.message == "the server refused all 2 recipients, the last one with: 551 second")
    #expect(failure.recipient == bytes("c@y.example"))
  }

  @Test func `what was never tried says so of every recipient`() throws {
    let mailboxes = [try Mailbox(bytes("b@y.example")), try Mailbox(bytes("c@y.example"))]
    let outcome = Outcome.untried(mailboxes, Failure(.cancelled, "too late"))
    #expect(
      outcome.recipients.map { $0.line } == ["- b@y.example notTried", "- c@y.example notTried"])
    #expect(outcome.failure?.code == .cancelled)
    #expect(outcome.response == nil)
  }
}
