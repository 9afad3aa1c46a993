import Testing

@testable import SMTPProtocol

/// Any server, any caller: thousands of dialogues, the same in every run.
@Suite struct SessionPropertyTests {
  private static func conversation(_ choice: Int, isTraced: Bool) -> Conversation {
    let policies = [Session.TLSPolicy.never, .ifOffered, .required]
    let chunking = [Session.Chunking.off, .on, .optimistic]
    return Conversation(
      policies[choice % 3], isSecure: choice / 3 % 2 == 0, chunking: chunking[choice / 6 % 3],
      isTraced: isTraced)
  }

  /// Every dialogue is played twice: without a log most replies take the fast path, which
  /// must make no difference.
  @Test(arguments: 0..<8)
  func `each operation ends exactly once`(_ seed: UInt64) {
    var told: Set<String> = []
    var mostPending = 0
    for choice in 0..<504 {
      var dialogue = RandomDialogue(
        Self.conversation(choice, isTraced: true), FixedRandom(seed: seed * 504 + UInt64(choice)))
      dialogue.run(steps: 60)
      if !dialogue.watch.faults.isEmpty {
        Issue.record("\(dialogue.watch.faults) in \(dialogue.seen.joined(separator: "\n"))")
      }
      mostPending = max(mostPending, dialogue.watch.mostPending)
      for seen in dialogue.seen { told.formUnion(Self.events.filter { seen.contains($0) }) }
      var other = Self.conversation(choice, isTraced: false)
      for (step, wanted) in zip(dialogue.steps, dialogue.seen) {
        let found = step.take(&other)
        if found != wanted { Issue.record("\(wanted)\nby the short way:\n\(found)") }
      }
    }
    // The dialogues are not all trivial.
    #expect(told == Set(Self.events))
    #expect(mostPending > 3)
  }

  private static let events = [
    "opened", "login ok", "login failed", "send ok", "send failed", "command ok", "quit ok",
    "content wanted", "connection failed", "start TLS", "retry unknown", "notTried", "deferred",
  ]
}
