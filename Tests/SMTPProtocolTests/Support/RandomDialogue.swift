@testable import SMTPProtocol

/// A caller without a plan and a server of moods, step by step.
struct RandomDialogue {
  /// What was done, so that it can be done again: by the server or by the caller.
  enum Step {
    case receive([UInt8])
    case perform(String)

    /// Takes it, and tells all that it has led to.
    func take(
      _ conversation: inout Conversation, _ look: ([UInt8], [Session.Event]) -> Void = { _, _ in }
    ) -> String {
      switch self {
      case .receive(let octets): conversation.receive(octets)
      case .perform(let operation): Transcript.perform(operation, &conversation)
      }
      let output = conversation.takeOutput()
      let events = conversation.takeEvents()
      look(output, events)
      return "\(shown) led to \(text(output)) \(events.flatMap { $0.lines })"
        + " \(events.compactMap { $0.details }); \(conversation.state)"
    }

    private var shown: String {
      switch self {
      case .receive(let octets): "S: \(text(octets))"
      case .perform(let operation): "> \(operation)"
      }
    }
  }

  private(set) var conversation: Conversation
  private var server = RandomServer()
  private(set) var watch = RandomDialogueWatch()
  private(set) var steps: [Step] = []
  /// What each step has led to.
  private(set) var seen: [String] = []
  private var random: FixedRandom

  init(_ conversation: Conversation, _ random: FixedRandom) {
    self.conversation = conversation
    self.random = random
  }

  private var session: Session { conversation.session }

  mutating func run(steps count: Int) {
    for _ in 0..<count where !session.isOver {
      take(next())
      if session.position.command == "STARTTLS", !session.isSecure, !session.isOver, watch.startsTLS
      {
        watch.startsTLS = false
        take(.perform("secured"))
      }
    }
    if !session.isOver { take(.perform("abort")) }
    watch.dialogueEnded()
  }

  private mutating func take(_ step: Step) {
    steps.append(step)
    seen.append(
      step.take(&conversation) { output, events in
        server.hear(output)
        for event in events { watch.see(event) }
      })
  }

  private mutating func chance(_ one: Int, of all: Int) -> Bool {
    Int.random(in: 0..<all, using: &random) < one
  }

  private mutating func next() -> Step {
    if session.isReady, watch.pending.isEmpty, chance(7, of: 8) { return .perform(start()) }
    if session.isAheadPossible, chance(1, of: 2) { return .perform(send(size: 18)) }
    if watch.isContentWanted, session.wantsContent, chance(3, of: 4) {
      let ends = chance(1, of: 2)
      if ends { watch.contentEnded() }
      if session.takesChunks { return .perform(ends ? "last two" : "chunk one") }
      return .perform((ends ? "content " : "partial ") + "x\\n.")
    }
    return .receive(server.says(&random))
  }

  private mutating func start() -> String {
    switch Int.random(in: 0..<20, using: &random) {
    case 0..<4:
      watch.pending.append(.login)
      return "login \(chance(1, of: 2) ? "PLAIN" : "LOGIN") u p"
    case 4..<18: return send(size: Int.random(in: 0...20, using: &random))
    case 18:
      watch.pending.append(.command)
      return ["reset", "noop", "verify x", "hello", "etrn x", "xclient NAME=x"]
        .randomElement(using: &random)!
    default:
      watch.pending.append(.quit)
      return "quit"
    }
  }

  private mutating func send(size: Int) -> String {
    let recipients = (0..<Int.random(in: 1...3, using: &random)).map { " r\($0)@y.example" }
    let isAllOrNone = chance(1, of: 4)
    let request = SendRequest(
      from: nil, recipients: [], size: nil, use8BitMIME: nil, isAllOrNone: isAllOrNone)
    let isAtOnce = session.sendsAtOnce(request)
    watch.pending.append(.send(isWritten: isAtOnce))
    return "send a@x.example\(recipients.joined()) size=\(size)"
      + (isAllOrNone ? " allornone" : "") + (isAtOnce ? " atonce=one" : "")
  }
}

extension SendRequest {
  fileprivate init(
    from: Mailbox?, recipients: [Mailbox], size: UInt64?, use8BitMIME: Bool?, isAllOrNone: Bool
  ) {
    self.init(from: from, recipients: recipients, size: size, use8BitMIME: use8BitMIME)
    self.isAllOrNone = isAllOrNone
  }
}

/// What must hold in every dialogue.
struct RandomDialogueWatch {
  enum Operation: Equatable {
    case login, command, quit
    /// Whether all of the content is in the output.
    case send(isWritten: Bool)
  }

  /// The first is under way, the others are sends after it.
  var pending: [Operation] = [] {
    didSet { mostPending = max(mostPending, pending.count) }
  }
  private(set) var mostPending = 0
  private(set) var isContentWanted = false
  var startsTLS = false
  private var isFailed = false
  private(set) var faults: [String] = []

  mutating func contentEnded() {
    pending[0] = .send(isWritten: true)
    isContentWanted = false
  }

  mutating func dialogueEnded() {
    if !pending.isEmpty { faults.append("\(pending) without an end") }
  }

  mutating func see(_ event: Session.Event) {
    if isFailed { faults.append("\(event) after the connection failed") }
    switch event {
    case .loginDone: end(.login)
    case .commandDone: end(.command)
    case .quitDone: end(.quit)
    case .sendDone(let outcome, _): end(outcome)
    case .contentWanted:
      if pending.first != .send(isWritten: false) || isContentWanted {
        faults.append("content wanted by nobody")
      }
      isContentWanted = true
    case .failed:
      isFailed = true
      if !pending.isEmpty { faults.append("\(pending) left without an end") }
    case .startTLS: startsTLS = true
    case .greeted, .farewell, .opened, .workDue: break
    }
  }

  private mutating func end(_ operation: Operation) {
    if pending.first != operation { faults.append("\(operation) ended, and not \(pending)") }
    pending = Array(pending.dropFirst())
  }

  private mutating func end(_ outcome: Outcome) {
    let isWritten = pending.first == .send(isWritten: true)
    end(.send(isWritten: isWritten))
    isContentWanted = false
    let isDoubtful = outcome.recipients.contains { $0.status == .unknown }
    if isDoubtful || outcome.failure?.retry == .unknown, !isWritten {
      faults.append("in doubt before the end of the content")
    }
    if outcome.failure == nil, !isWritten { faults.append("sent without content") }
    let isAccepted = outcome.recipients.contains { $0.status == .accepted }
    if outcome.failure == nil, !isAccepted { faults.append("sent to nobody") }
    if outcome.failure != nil, isAccepted { faults.append("accepted and failed") }
  }
}
