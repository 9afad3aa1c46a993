import Testing

@testable import SMTPProtocol

/// Any server, any caller: thousands of dialogues, the same in every run.
@Suite struct SessionPropertyTests {
  private enum Operation { case login, send, reset, quit }

  /// What has to hold in every dialogue, whoever talks.
  private struct Watch {
    var pending: Operation?
    var isContentWanted = false
    var isContentWritten = false
    var isFailed = false
    var faults: [String] = []

    mutating func see(_ event: Session.Event) {
      if isFailed { faults.append("\(event) after the connection failed") }
      switch event {
      case .loginDone: end(.login)
      case .resetDone: end(.reset)
      case .quitDone: end(.quit)
      case .sendDone(let outcome):
        end(.send)
        isContentWanted = false
        let isDoubtful = outcome.recipients.contains { $0.status == .unknown }
        if isDoubtful || outcome.failure?.retry == .unknown, !isContentWritten {
          faults.append("in doubt before the end of the content")
        }
        if outcome.failure == nil, !isContentWritten { faults.append("sent without content") }
        if outcome.failure == nil, !outcome.recipients.contains(where: { $0.status == .accepted }) {
          faults.append("sent to nobody")
        }
        if outcome.failure != nil, outcome.recipients.contains(where: { $0.status == .accepted }) {
          faults.append("accepted and failed")
        }
      case .contentWanted:
        isContentWanted = true
        isContentWritten = false
        if pending != .send { faults.append("content wanted by nobody") }
      case .failed:
        isFailed = true
        if let pending { faults.append("\(pending) was left without an end") }
      case .startTLS, .opened: break
      }
    }

    private mutating func end(_ operation: Operation) {
      if pending != operation { faults.append("\(operation) ended, \(pending as Any) was started") }
      pending = nil
    }
  }

  private static let replies = [
    "220 go", "250 ok", "354 go", "334 ", "334 ?", "235 in", "421 bye", "451 later", "503 no",
    "550 no", "552 no", "221 bye", "250-a\r\n550 b", "???",
  ]

  /// What a server may well say here.
  private static func likely(_ position: (phase: Phase, command: String)) -> [String] {
    let hello = "250-mx\r\n250-AUTH PLAIN\r\n250-SIZE 18\r\n250"
    return switch position.command {
    case "EHLO": ["\(hello) PIPELINING", "\(hello) STARTTLS", "250 mx", "502 what?"]
    case "STARTTLS": ["220 go"]
    case "CONN": position.phase == .greeting ? ["220 hi"] : replies
    case "AUTH PLAIN", "AUTH LOGIN": ["334 ", "235 in", "535 no"]
    case "DATA": position.phase == .envelope ? ["354 go", "503 no"] : ["250 queued", "554 no"]
    default: ["250 ok", "250 ok", "550 no"]
    }
  }

  @Test(arguments: 0..<8)
  func `each operation ends exactly once`(_ seed: UInt64) {
    var random = FixedRandom(seed: seed)
    var finished: Set<String> = []
    for _ in 0..<500 {
      let policies = [Session.TLSPolicy.never, .ifOffered, .required]
      var conversation = Conversation(
        policies.randomElement(using: &random)!, isSecure: Bool.random(using: &random))
      var watch = Watch()
      for _ in 0..<40 {
        step(&conversation, &watch, &random)
        for event in conversation.takeEvents() {
          watch.see(event)
          finished.insert("\(event.lines[0].prefix { $0 != ":" })")
          if case .startTLS = event { conversation.perform { session, _ in session.secured() } }
        }
        if conversation.session.isOver { break }
      }
      if !conversation.session.isOver {
        conversation.give(up: Failure(.timedOut, "too slow"))
        for event in conversation.takeEvents() { watch.see(event) }
      }
      if watch.pending != nil { watch.faults.append("an operation was left without an end") }
      let log = conversation.session.log.map { text($0.text) }
      if !watch.faults.isEmpty { Issue.record("\(watch.faults) in \(log)") }
      let output = text(conversation.takeOutput())
      if output.contains("\0") { Issue.record("NUL in \(output)") }
    }
    // The dialogues are not all trivial.
    for wanted in [
      "opened", "login ok", "login failed", "send ok", "send failed", "reset ok", "quit ok",
      "content wanted", "connection failed", "start TLS",
    ] {
      #expect(finished.contains(wanted))
    }
  }

  private func step(
    _ conversation: inout Conversation, _ watch: inout Watch, _ random: inout FixedRandom
  ) {
    if conversation.session.isReady, watch.pending == nil, Int.random(in: 0..<8, using: &random) > 0
    {
      start(&conversation, &watch, &random)
    } else if watch.isContentWanted, !watch.isContentWritten,
      Int.random(in: 0..<4, using: &random) > 0
    {
      let ends = Bool.random(using: &random)
      if ends { watch.isContentWritten = true }
      conversation.write(bytes("x\n."), ends: ends)
    } else {
      let isLikely = Int.random(in: 0..<16, using: &random) > 0
      let replies = isLikely ? Self.likely(conversation.session.position) : Self.replies
      conversation.receive(bytes(replies.randomElement(using: &random)! + "\r\n"))
    }
  }

  private func start(
    _ conversation: inout Conversation, _ watch: inout Watch, _ random: inout FixedRandom
  ) {
    switch Int.random(in: 0..<10, using: &random) {
    case 0..<3:
      watch.pending = .login
      Transcript.perform(
        "login \(["PLAIN", "LOGIN"].randomElement(using: &random)!) u p", &conversation)
    case 3..<8:
      watch.pending = .send
      let recipients = (0..<Int.random(in: 1...3, using: &random)).map { "r\($0)@y.example" }
      let size = Int.random(in: 0...20, using: &random)
      Transcript.perform(
        "send a@x.example \(recipients.joined(separator: " ")) size=\(size)", &conversation)
    case 8:
      watch.pending = .reset
      Transcript.perform("reset", &conversation)
    default:
      watch.pending = .quit
      Transcript.perform("quit", &conversation)
    }
  }
}
