import Testing

@testable import SMTPProtocol

/// A verdict that has arrived stays the verdict, whatever fails after it.
@Suite struct VerdictTests {
  private static let send = """
    > send a@x.example b@y.example
    C: MAIL FROM:<a@x.example>
    C: RCPT TO:<b@y.example>
    C: DATA

    """

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
      if case .sendDone(let outcome, _) = event { outcome } else { nil }
    }
    #expect(
      outcomes.map { $0.failure?.message ?? "" }
        == ["the server refused the sender: 554 5.7.1 no; \(ending)"])
  }
}
