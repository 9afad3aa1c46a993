import Testing

@testable import SMTPProtocol

/// A verdict that has arrived stays the verdict, whatever fails after it.
@Suite struct VerdictTests {
  private func failures(_ transcript: String, chunking: Session.Chunking = .off) -> [Failure] {
    var conversation = Conversation(chunking: chunking)
    let steps = Transcript(transcript)
    steps.run(&conversation)
    return conversation.takeEvents().flatMap { event -> [Failure] in
      switch event {
      case .sendDone(let outcome): [outcome.failure].compactMap { $0 }
      case .loginDone(let failure): [failure].compactMap { $0 }
      case .failed(let failure, let isDoubtful):
        [isDoubtful ? failure.inDoubt("a message") : failure]
      default: []
      }
    }
  }

  private static let send = """
    > send a@x.example b@y.example
    C: MAIL FROM:<a@x.example>
    C: RCPT TO:<b@y.example>
    C: DATA

    """

  @Test func `the loss is mentioned, and the reply is kept`() throws {
    let failures = failures(
      opening("PIPELINING") + Self.send + "S: 554 5.7.1 no\n> close\n")
    try #require(failures.count == 2)
    #expect(
      failures[0].message
        == "the server refused the sender: 554 5.7.1 no; after that the connection was lost:"
        + " the server closed the connection unexpectedly")
    #expect(failures[0].reply?.code == 554)
    #expect(failures[1].line == "connection, RCPT TO, envelope phase, retry safe")
  }

  /// Nothing was lost when the caller, or a time limit, ended it.
  @Test(arguments: [
    (ErrorCode.cancelled, "after that: it stopped"),
    (.timedOut, "after that the connection was given up: it stopped"),
    (.protocolViolation, "after that the connection was given up: it stopped"),
    (.connection, "after that the connection was lost: it stopped"),
    (.socket, "after that the connection was lost: it stopped"),
  ])
  func `what happened after the refusal is said`(_ code: ErrorCode, _ ending: String) {
    var conversation = Conversation()
    Transcript(opening("PIPELINING") + Self.send + "S: 554 5.7.1 no\n").run(&conversation)
    conversation.give(up: Failure(code, "it stopped", phase: .idle, retry: .safe))
    let outcomes = conversation.takeEvents().compactMap { event in
      if case .sendDone(let outcome) = event { outcome } else { nil }
    }
    #expect(
      outcomes.map { $0.failure?.message ?? "" }
        == ["the server refused the sender: 554 5.7.1 no; \(ending)"])
  }

  @Test func `content that is taken from a refused sender is mentioned once`() {
    let failures = failures(
      opening("PIPELINING") + Self.send + "S: 554 5.7.1 no\nS: 503 no\nS: 354 go\n")
    #expect(
      failures.map { $0.message } == [
        "the server refused the sender: 554 5.7.1 no; after that the connection was given up:"
          + " the server accepts a message without a recipient: 354 go",
        "the server refused the sender: 554 5.7.1 no",
      ])
  }

  @Test func `the doubt is mentioned, of the message and of the connection`() throws {
    let failures = failures(
      opening("PIPELINING") + Self.send + """
        S: 250 ok
        S: 250 ok
        S: 354 go
        > content Hello
        > close

        """)
    try #require(failures.count == 2)
    #expect(
      failures[0].message
        == "the server closed the connection unexpectedly; it may have been delivered: sending it"
        + " again may deliver it twice")
    #expect(
      failures[1].message
        == "the server closed the connection unexpectedly; a message may have been delivered:"
        + " sending it again may deliver it twice")
  }

  @Test func `a mixed refusal is shown whole`() throws {
    let failures = failures(
      opening("PIPELINING") + Self.send
        + "S: 250 ok\nS: 550-5.7.1 no\nS: 553 5.7.2 never\n> close\n")
    #expect(failures.first?.reply?.code == 553)
    #expect(failures.first.map { text($0.reply?.text ?? []) } == "550-5.7.1 no\n553 5.7.2 never")
    #expect(failures.first?.message.contains("550-5.7.1 no 553 5.7.2 never") == true)
  }

  @Test(arguments: ["> close", "> abort", "S: 421 bye"])
  func `a login that was explained before the loss was refused`(_ ending: String) throws {
    let json = text(bytes("eyJzdGF0dXMiOiI0MDEifQ=="))
    let failures = failures(
      opening("AUTH XOAUTH2") + "> login XOAUTH2 tim ya29.x\nS: 334 \(json)\n\(ending)\n")
    let failure = try #require(failures.first)
    #expect(failure.line == "auth, AUTH XOAUTH2, auth phase, retry no")
    #expect(
      failure.message.hasPrefix(
        #"the server refused the login ({"status":"401"}); after that the connection was "#))
  }
}
