@testable import SMTPProtocol

/// No server and no order of operations may trap, leave an operation without an
/// end, or end it twice; and what most replies go through, a short way that is taken when
/// nobody reads along, must lead to the same as the long one.
///
/// Input: one octet with the configuration, another with more of it, then what the server
/// sends, in pieces; between them 0xFF and the octet behind it are something that the
/// caller does.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSession(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
  guard input.count > 1 else { return 0 }
  let long = told(input, isTraced: true)
  let short = told(input, isTraced: false)
  precondition(long == short)
  return 0
}

private func told(_ input: [UInt8], isTraced: Bool) -> [Told] {
  var caller = Caller(input[0], input[1], isTraced: isTraced)
  let isCutEverywhere = input[0] & 8 != 0
  var piece: [UInt8] = []
  var isOperation = false
  for octet in input.dropFirst(2) where !caller.session.isOver {
    if isOperation {
      isOperation = false
      caller.act(octet)
    } else if octet == 0xFF {
      caller.receive(piece)
      piece = []
      isOperation = true
    } else {
      piece.append(octet)
      if isCutEverywhere {
        caller.receive(piece)
        piece = []
      }
    }
  }
  if !caller.session.isOver { caller.receive(piece) }
  caller.finish()
  return caller.told
}

/// What a driver is told, and what it finds when it looks.
private struct Told: Equatable {
  var event: String
  var isContent = false
  var code: Int?
  var replies: [Reply?] = []
  var statuses: [RecipientOutcome.Status] = []
  var numbers: [Int64] = []
}

private struct Caller {
  enum Operation: Equatable {
    case login, command, quit
    case send(isWritten: Bool)
  }

  let session: Session
  private(set) var told: [Told] = []
  private var encoder = ContentEncoder()
  /// Sends may stand behind the first.
  private var pending: [Operation] = []
  private var isContentWanted = false
  private var isFailed = false
  /// A message may have been delivered, and nobody knows.
  private var hasDoubt = false
  /// The other side does not read: only a part of what is written leaves.
  private var isHeld = false
  private var now: Int64 = 0

  init(_ choice: UInt8, _ more: UInt8, isTraced: Bool) {
    let policies: [Session.TLSPolicy] = [.never, .ifOffered, .required]
    var configuration = Session.Configuration(
      name: choice & 0x40 == 0 ? Bytes.of("client.example") : [choice],
      tlsPolicy: policies[Int(choice & 3) % 3], isSecure: choice & 4 != 0)
    if isTraced {
      let log = DialogueLog()
      log.onLine = { _, _ in }
      configuration.log = log
    }
    configuration.chunking = [.off, .on, .optimistic][Int(more & 3) % 3]
    configuration.isLMTP = more & 4 != 0
    session = Session(configuration, cryptography: HexCryptography())
  }

  mutating func receive(_ piece: [UInt8]) {
    now += 1
    // None would mean that the server has closed.
    if !piece.isEmpty { _ = session.receive(piece.span, now: now) }
    settle()
    look()
  }

  mutating func act(_ octet: UInt8) {
    now += 1
    if octet == 0x23 {
      isHeld.toggle()
    } else if octet == 0x21 {
      session.abort(Failure(.timedOut, "too slow"))
    } else if isContentWanted, wantsContent {
      write(octet)
    } else if session.isReady, pending.isEmpty {
      if session.admission() == .anything { start(octet) }
    } else if isAheadPossible, octet & 7 > 3 {
      start(octet)
    } else if octet == 0x22 {
      // Not wanted, so it must change nothing.
      for part in [Session.ContentPart.end(size: 1), .lastChunk(1, size: 1), .chunk(1)] {
        precondition(session.append(part) { $0.append(0) } == nil)
      }
    }
    settle()
    look()
  }

  private mutating func write(_ octet: UInt8) {
    let isLast = octet & 1 == 0
    // Larger than the server takes, perhaps: then nothing more may be wanted.
    if octet & 0x18 == 0x18, !session.mayGrow(to: UInt64(octet) << 3) {
      precondition(!wantsContent)
      return
    }
    if takesChunks {
      let count = octet & 2 == 0 ? 0 : 3
      session.append(isLast ? .lastChunk(count, size: 3) : .chunk(count)) {
        $0.append(Array(Bytes.of("x\r\n").prefix(count)))
      }
    } else {
      var piece = OctetBuffer()
      encoder.encode([max(octet, 1), 0x0A, 0x2E].span, into: &piece)
      if isLast { encoder.finish(into: &piece) }
      session.append(isLast ? .end(size: encoder.size) : .piece) { $0.append(piece) }
      if isLast { encoder = ContentEncoder() }
    }
    if isLast {
      settle()
      pending[0] = .send(isWritten: true)
      isContentWanted = false
    }
  }

  private mutating func start(_ octet: UInt8) {
    let credentials = Credentials(
      user: [octet], password: [UInt8](repeating: octet, count: Int(octet) * 2), HexCryptography())
    switch octet % 8 {
    case 0:
      pending = [.login]
      session.login(Plain(credentials, HexCryptography()))
    case 1:
      pending = [.login]
      session.login(Login(credentials))
    case 2:
      pending = [.command]
      session.perform(command(octet))
    case 3:
      pending = [.quit]
      session.quit()
    default: send(octet)
    }
  }

  private func command(_ octet: UInt8) -> CommandRequest {
    let requests: [CommandRequest?] = [
      .reset(), .noop(), .hello(), try? .verify([octet]), try? .etrn([octet]),
      try? .xclient([Bytes.of("NAME=x"), Bytes.of("ADDR=") + [UInt8](repeating: octet, count: 250)]
      ),
      try? .xforward([Bytes.of("NAME=x")]),
      try? .line(
        Secret(Bytes.of("X ") + [UInt8](repeating: octet, count: 4), HexCryptography()),
        hides: true,
        HexCryptography()),
    ]
    return requests[Int(octet >> 3) % requests.count] ?? .noop()
  }

  private mutating func send(_ octet: UInt8) {
    guard let from = try? Mailbox(Bytes.of(octet & 0x10 == 0 ? "a@x.example" : "\u{E9}@x.example")),
      let to = try? Mailbox(Bytes.of("b@y.example"))
    else { preconditionFailure() }
    var request = SendRequest(
      from: octet & 0x20 == 0 ? from : nil,
      recipients: [Mailbox](repeating: to, count: Int(octet % 8) - 3),
      size: octet & 0x40 == 0 ? nil : UInt64(octet), use8BitMIME: octet & 0x80 == 0)
    request.isAllOrNone = octet & 0xC0 == 0xC0
    request.isBinary = octet & 0xB0 == 0xB0
    if !session.isReady, !session.takes(request) { return }
    let isAtOnce = session.sendsAtOnce(request)
    pending.append(.send(isWritten: isAtOnce))
    if session.send(request, chunk: isAtOnce ? 3 : nil, now: now), isAtOnce {
      session.output.appendContent { $0.append(Bytes.of("x\r\n")) }
    }
  }

  mutating func finish() {
    isHeld = false
    session.abort(Failure(.timedOut, "too slow"))
    settle()
    look()
    precondition(pending.isEmpty && session.isOver && session.output.isEmpty)
    _ = session.position
  }

  private var wantsContent: Bool { session.expectation == .content }

  private var takesChunks: Bool {
    if case .transaction(let transaction) = session.state { return transaction.transfer == .chunks }
    return false
  }

  /// Without the search for a reply that nothing asked for.
  private var isAheadPossible: Bool {
    if case .transaction = session.state { return session.admission() == .sendAhead }
    return false
  }

  /// Something leaves, and what can be seen then without being told.
  private mutating func look() {
    let count = session.output.count
    _ = session.took(isHeld ? min(count, 11) : count, now: 0)
    told.append(
      Told(
        event: session.position.command, isContent: wantsContent,
        replies: [session.lastReply],
        numbers: [session.isReady, session.isOver, isAheadPossible, session.isEarly].map {
          $0 ? 1 : 0
        }))
  }

  private mutating func settle() {
    // Between two CRLF no control character may stand but those of the content.
    let output = session.output.bytes
    let octets = output[0..<output.count]
    var previous: UInt8 = 0
    for octet in octets {
      precondition((octet == 0x0A) == (previous == 0x0D))
      precondition(octet != 0)
      previous = octet
    }
    if !isContentWanted, let last = octets.last { precondition(last == 0x0A) }
    while let event = session.nextEvent() { see(event) }
    if session.isOver { precondition(pending.isEmpty) }
  }

  private mutating func see(_ event: Session.Event) {
    precondition(!isFailed)
    switch event {
    case .loginDone(let failure): end(.login, failure)
    case .commandDone(let failure, let reply):
      precondition(failure != nil || reply?.isPositive == true)
      end(.command, failure)
    case .quitDone: end(.quit, nil)
    case .sendDone(let outcome, _): end(outcome)
    case .contentWanted:
      precondition(pending.first == .send(isWritten: false))
      isContentWanted = true
      told.append(Told(event: "content"))
    case .workDue: session.work()
    case .greeted: told.append(Told(event: "greeted"))
    case .farewell: precondition(session.isOver && !session.output.isEmpty)
    case .startTLS:
      precondition(!session.isSecure)
      told.append(Told(event: "TLS"))
      session.secured()
    case .opened: told.append(Told(event: "opened"))
    case .failed(let failure, var isDoubtful):
      if !session.isOver {
        isDoubtful = session.abort(failure).isDoubtful
        while let event = session.nextEvent() { see(event) }
      }
      isFailed = true
      precondition(isDoubtful == hasDoubt)
      told.append(
        Told(
          event: failure.message + (isDoubtful ? ", in doubt" : ""),
          code: Int(failure.retry.rawValue)))
    }
  }

  private mutating func end(_ operation: Operation, _ failure: Failure?) {
    precondition(pending.first == operation)
    pending.removeFirst()
    told.append(
      Told(event: failure?.message ?? "ok", code: failure.map { Int($0.retry.rawValue) }))
  }

  private mutating func end(_ outcome: Outcome) {
    let isWritten = pending.first == .send(isWritten: true)
    end(.send(isWritten: isWritten), outcome.failure)
    // Content without its end must never leave.
    if isContentWanted { precondition(session.output.isEmpty) }
    isContentWanted = false
    if outcome.failure?.retry == .unknown { hasDoubt = true }
    if outcome.failure == nil || outcome.failure?.retry == .unknown { precondition(isWritten) }
    let accepted = outcome.recipients.contains { $0.status == .accepted }
    // With LMTP somebody may have the message before the connection is lost.
    let isTold = outcome.recipients.contains { $0.status == .accepted && $0.stage == .data }
    precondition(accepted == (outcome.failure == nil) || isTold)
    // They come together only when it is in doubt whether others got it.
    if accepted, let failure = outcome.failure { precondition(failure.retry == .unknown) }
    for recipient in outcome.recipients {
      precondition((recipient.failure == nil) == (recipient.status == .accepted))
    }
    told.append(
      Told(
        event: "outcome", replies: [outcome.response] + outcome.recipients.map { $0.reply },
        statuses: outcome.recipients.map { $0.status },
        numbers: [outcome.envelopeTime, outcome.messageTime, Int64(outcome.messageSize)]))
  }
}
