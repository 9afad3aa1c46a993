/// The dialogue with a server.
///
/// Theory of operation
///
/// A session does nothing: replies go in, octets and events come out. Its driver
/// (SMTPConnection) reads, writes, keeps the time and calls back.
///
/// There is exactly one state, an enum whose cases own what is meaningful in
/// them, and all transitions stand in this file:
///
///     greeting --220--> hello(EHLO or LHLO) --250--> ready
///                          |   |502
///                          |   +--> hello(HELO) --250--> ready
///                          +--250 with STARTTLS--> upgrading --220--> securing
///     securing --secured()--> hello(EHLO)
///     ready --login()--> authenticating --235, 5xx--> ready
///     ready --login() after a failed send--> clearing --250--> authenticating
///     ready --send()---> transaction --final reply--> ready
///     ready --reset()--> resetting --250--> ready
///     ready --quit()---> quitting --221--> closed
///     any   --421, nonsense, abort()--> closed
///
/// One operation is under way at a time; the driver queues the others. Inside a
/// transaction many commands may be under way (PIPELINING, RFC 2920): their
/// replies come in a fixed order, so `Transaction` knows by its step which one
/// is next. A reply that no state waits for closes the session.
///
/// Whatever goes out passes `emit`, and whatever was emitted is in `output` until
/// the driver takes it.
package final class Session {
  /// What the cases own is behind one pointer each: a session changes its state for
  /// every command, and copies nothing then.
  enum State {
    case greeting
    case hello(Hello)
    case upgrading
    case securing
    case ready
    /// RSET goes before AUTH, which has no place in a transaction.
    case clearing(Authentication)
    case authenticating(Authentication)
    case transaction(Transaction)
    case resetting
    case quitting
    case closed
  }

  enum Hello {
    case ehlo, helo, lhlo

    var verb: StaticString {
      switch self {
      case .ehlo: "EHLO"
      case .helo: "HELO"
      case .lhlo: "LHLO"
      }
    }
  }

  /// Several rounds are normal; a server that asks for ever is not.
  static let challengeLimit = 16

  private let configuration: Configuration
  private let cryptography: any Cryptography
  private var state = State.greeting
  /// A failed transaction may have left something behind at the server.
  private var needsReset = false
  package private(set) var isSecure: Bool
  package private(set) var isAuthenticated = false
  /// The server has said 220: it is there, and willing.
  package private(set) var isGreeted = false
  package private(set) var capabilities = Capabilities.none
  package private(set) var lastReply: Reply?

  /// The session is over, and a last QUIT is all that `output` holds.
  package private(set) var hasFarewell = false

  /// What is to be written; the driver removes what has left with `removeOutput`.
  package var output: [UInt8] = []
  /// Octets that were in `output` before.
  private var removed = 0
  private var commandEnds = CommandEnds()
  package var events: [Event] = []
  package var log: [LogEntry] = []

  package init(_ configuration: Configuration, cryptography: any Cryptography) {
    self.configuration = configuration
    self.cryptography = cryptography
    isSecure = configuration.isSecure
  }

  // MARK: What the driver may ask

  package var isReady: Bool {
    if case .ready = state { return true }
    return false
  }

  package var isOver: Bool {
    if case .closed = state { return true }
    return false
  }

  /// The next word is the caller's: a mechanism of its own thinks.
  package var awaitsCaller: Bool {
    if case .authenticating(let authentication) = state { return authentication.awaitsAnswer }
    return false
  }

  /// For messages about time limits and lost connections: where we are.
  package var position: (phase: Phase, command: String) {
    switch state {
    case .greeting: (.greeting, "CONN")
    case .hello(let hello): (.hello, hello.verb.description)
    case .upgrading, .securing: (.starttls, "STARTTLS")
    case .ready, .closed: (.idle, "CONN")
    case .clearing: (.auth, "RSET")
    case .authenticating(let authentication): (.auth, authentication.command)
    case .transaction(let transaction): transaction.position
    case .resetting: (.reset, "RSET")
    case .quitting: (.quit, "QUIT")
    }
  }

  /// Whether the next reply would come before the command that it should answer
  /// has left; `sent` octets of the output have.
  package func isEarly(sent: Int) -> Bool {
    commandEnds.first.map { $0 > removed + sent } ?? false
  }

  // MARK: What the driver does

  /// All of the output has left. Secrets do not stay behind in its memory.
  package func removeOutput() {
    removed += output.count
    if case .authenticating = state { cryptography.cleanse(&output) }
    output.removeAll(keepingCapacity: true)
  }

  /// TLS is up after `startTLS`. All that was learned before is void (RFC 3207
  /// section 4.2).
  package func secured() {
    isSecure = true
    capabilities = .none
    lastReply = nil
    sayHello(firstHello)
  }

  package func login(_ mechanism: any Mechanism) {
    // RFC 4954 section 4: no AUTH while a transaction is open.
    if needsReset {
      needsReset = false
      state = .clearing(Authentication(mechanism: mechanism))
      emit(.reset)
    } else {
      authenticate(Authentication(mechanism: mechanism))
    }
  }

  private func authenticate(_ authentication: Authentication) {
    let mechanism = authentication.mechanism
    let start = Bytes.of("AUTH ") + mechanism.name
    // RFC 4954 section 4: an empty response is written "=", and one that is too
    // long for a command line does not go with the command.
    var response: Secret?
    if let initial = mechanism.initialResponse {
      let encoded = authentication.encode(initial, cryptography)
      if start.count + 3 + encoded.bytes.count > Authentication.commandLineLimit {
        authentication.holdsInitialResponse = true
      } else {
        response = initial.isEmpty ? Secret([0x3D], cryptography) : encoded
      }
    }
    state = .authenticating(authentication)
    if let response {
      emit(Command(start + [0x20], shown: start + [0x20] + Command.mask), ending: response)
    } else {
      emit(Command(start))
    }
  }

  /// The answer of a mechanism that said `.later`.
  package func answer(_ answer: MechanismAnswer) {
    guard case .authenticating(let authentication) = state, authentication.awaitsAnswer else {
      return
    }
    take(authentication.step(answer, cryptography))
  }

  /// Writes MAIL and what may follow it without waiting. Before anything is
  /// written, what the server cannot take is refused.
  package func send(_ request: SendRequest, now: Int64) {
    let transaction = Transaction(
      request, capabilities, isLMTP: configuration.isLMTP, resets: needsReset, now: now)
    let security = Security(isSecure: isSecure, isVerified: configuration.verifiesPeer)
    if let failure = request.refusal(by: capabilities, security: security) {
      events.append(.sendDone(transaction.outcome(failure, retry: .no)))
      return
    }
    needsReset = false
    for command in transaction.opening() { emit(command) }
    if !isOver { state = .transaction(transaction) }
  }

  /// The final dot of the content has left for the server.
  package func contentWritten(size: UInt64) {
    guard case .transaction(let transaction) = state else { return }
    transaction.contentWritten(size: size)
  }

  package func reset() {
    state = .resetting
    emit(.reset)
  }

  package func quit() {
    state = .quitting
    emit(.quit)
  }

  /// The connection is lost or given up: whatever is under way ends with
  /// `failure`.
  package func abort(_ failure: Failure) {
    let before = state
    state = .closed
    switch before {
    case .clearing, .authenticating:
      events.append(.loginDone(failure))
    case .transaction(let transaction):
      events.append(.sendDone(transaction.interrupted(failure)))
    case .resetting:
      events.append(.resetDone(failure))
    case .quitting:
      events.append(.quitDone)
    case .greeting, .hello, .upgrading, .securing, .ready, .closed:
      break
    }
  }

  // MARK: Replies

  package func receive(_ reply: Reply, now: Int64) {
    if isOver { return }
    var reply = reply
    if reply.code != 334, case .authenticating(let authentication) = state {
      reply = authentication.hidingSecrets(reply)
    }
    traceReply(reply)
    lastReply = reply
    commandEnds.removeFirst()
    // 421 may answer anything (RFC 5321 section 3.8) and ends the connection,
    // but it may also be the verdict on what is under way.
    if reply.code == 421 {
      receiveClosing(reply, now: now)
      return
    }
    switch state {
    case .greeting: receiveGreeting(reply)
    case .hello(let hello): receiveHello(reply, hello)
    case .upgrading: receiveUpgrade(reply)
    // Whatever RSET is answered, AUTH will tell.
    case .clearing(let authentication): authenticate(authentication)
    case .authenticating(let authentication): receiveAuthentication(reply, authentication)
    case .transaction(let transaction): receiveTransaction(reply, transaction, now: now)
    case .resetting: receiveReset(reply)
    case .quitting:
      state = .closed
      events.append(.quitDone)
    case .ready, .securing:
      fail(.unexpected(reply, phase: .idle))
    case .closed:
      break
    }
  }

  private func receiveClosing(_ reply: Reply, now: Int64) {
    let (phase, command) = position
    let failure = Failure.refused(
      .connection, "the server closes the connection", reply, command: command, phase: phase,
      retry: .safe)
    if case .transaction(let transaction) = state, transaction.awaitsVerdict {
      state = .closed
      events.append(.sendDone(transaction.verdict(reply, now: now)))
    } else {
      abort(failure)
    }
    // After QUIT was sent nothing is an error.
    if case .quitDone = events.last { return }
    events.append(.failed(failure))
  }

  /// RFC 5321 section 3.1: anything but 220 means that no mail is taken here,
  /// and that QUIT is still due.
  private func receiveGreeting(_ reply: Reply) {
    if reply.code == 220 {
      isGreeted = true
      sayHello(firstHello)
    } else {
      leave(
        .refused(
          .protocolViolation, "the server does not greet with 220", reply, command: "CONN",
          phase: .greeting))
    }
  }

  private var firstHello: Hello { configuration.isLMTP ? .lhlo : .ehlo }

  private func sayHello(_ hello: Hello) {
    state = .hello(hello)
    emit(Command.hello(hello.verb, name: configuration.name))
  }

  private func receiveHello(_ reply: Reply, _ hello: Hello) {
    if reply.isPositive {
      capabilities = hello == .helo ? .none : Capabilities(reply: reply)
      chooseSecurity()
    } else if hello == .ehlo, !needsTLS, Self.meansNotUnderstood(reply.code) {
      sayHello(.helo)
    } else {
      leave(
        .refused(
          needsTLS ? .tls : .protocolViolation,
          needsTLS
            ? "the server does not understand \(hello.verb.description), so STARTTLS is not possible"
            : "the server does not accept \(hello.verb.description)",
          reply, command: hello.verb.description, phase: .hello))
    }
  }

  private var needsTLS: Bool { configuration.tlsPolicy == .required && !isSecure }

  /// RFC 5321 section 3.2 asks for HELO when EHLO is not recognized; 501, 504
  /// and 550 are what servers from before EHLO answer in practice.
  private static func meansNotUnderstood(_ code: Int) -> Bool {
    [500, 501, 502, 504, 550].contains(code)
  }

  private func chooseSecurity() {
    let isOffered = capabilities.has(Bytes.of("STARTTLS"))
    if isSecure || configuration.tlsPolicy == .never || (!isOffered && !needsTLS) {
      state = .ready
      events.append(.opened)
    } else if isOffered {
      state = .upgrading
      emit(.startTLS)
    } else {
      leave(
        Failure(
          .tls,
          "TLS is required (require_tls) and the server does not offer STARTTLS; if it expects"
            + " TLS from the start, set secure and its port",
          command: "STARTTLS", phase: .starttls))
    }
  }

  /// Only 220 is an agreement (RFC 3207 section 4).
  private func receiveUpgrade(_ reply: Reply) {
    if reply.code == 220 {
      state = .securing
      events.append(.startTLS)
    } else if configuration.tlsPolicy == .opportunistic {
      // What EHLO said still holds: nothing has changed (RFC 3207 section 4).
      state = .ready
      events.append(.opened)
    } else {
      leave(
        .refused(
          .tls, "the server offered STARTTLS and refuses it", reply, command: "STARTTLS",
          phase: .starttls))
    }
  }

  private func receiveAuthentication(
    _ reply: Reply, _ authentication: Authentication
  ) {
    if reply.code == 334 {
      take(authentication.answer(reply, cryptography))
      return
    }
    state = .ready
    let failure = authentication.verdict(reply)
    isAuthenticated = failure == nil
    events.append(.loginDone(failure))
  }

  private func take(_ step: Authentication.Step) {
    // A mechanism of the caller's may have ended everything meanwhile.
    guard case .authenticating = state else { return }
    switch step {
    case .response(let response): emit(Command([], shown: Command.mask), ending: response)
    case .cancel: emit(.cancelAuthentication)
    case .wait: break
    case .broken(let failure): fail(failure)
    }
  }

  private func receiveTransaction(
    _ reply: Reply, _ transaction: Transaction, now: Int64
  ) {
    switch transaction.receive(reply, now: now) {
    case .wait:
      break
    case .emit(let commands):
      for command in commands { emit(command) }
    case .content:
      events.append(.contentWanted)
    case .nothingToDeliver:
      // DATA was pipelined, the server says go, and nobody accepted: RFC 2920
      // section 3.1 wants a single dot.
      output.append(contentsOf: ContentEncoder.terminator)
      commandEnds.append(removed + output.count)
    case .done(let outcome):
      state = .ready
      needsReset = outcome.failure != nil
      events.append(.sendDone(outcome))
    case .broken(let outcome, let failure):
      state = .closed
      events.append(.sendDone(outcome))
      events.append(.failed(failure))
    }
  }

  private func receiveReset(_ reply: Reply) {
    state = .ready
    if reply.isPositive {
      needsReset = false
      events.append(.resetDone(nil))
    } else {
      events.append(
        .resetDone(
          .refused(
            .protocolViolation, "the server refuses RSET", reply, command: "RSET", phase: .reset))
      )
    }
  }

  // MARK: Output

  /// `secret` goes behind the command, without a copy of it staying anywhere; it is
  /// base64, which cannot end a command.
  private func emit(_ command: Command?, ending secret: Secret? = nil) {
    guard let command else {
      fail(Failure(.protocolViolation, "a command would have held a control character"))
      return
    }
    output.reserveCapacity(output.count + command.line.count + (secret?.bytes.count ?? 0) + 2)
    output.append(contentsOf: command.line)
    if let secret { output.append(contentsOf: secret.bytes) }
    output.append(0x0D)
    output.append(0x0A)
    commandEnds.append(removed + output.count)
    if configuration.tracesDialogue {
      log.append(LogEntry(direction: .client, text: command.shown))
    }
  }

  /// RFC 5321 section 4.1.1.10: a client does not close without QUIT.
  private func leave(_ failure: Failure) {
    emit(.quit)
    hasFarewell = true
    fail(failure)
  }

  private func fail(_ failure: Failure) {
    abort(failure)
    events.append(.failed(failure))
  }

  /// A challenge may repeat what the user said, so its text is hidden.
  private func traceReply(_ reply: Reply) {
    guard configuration.tracesDialogue else { return }
    let isSecret: Bool
    if case .authenticating = state { isSecret = reply.code == 334 } else { isSecret = false }
    for (index, line) in reply.lines.enumerated() {
      let separator: [UInt8] = index < reply.lines.count - 1 ? [0x2D] : [0x20]
      let text = Bytes.decimal(reply.code) + separator + (isSecret ? Command.mask : line)
      log.append(LogEntry(direction: .server, text: text))
    }
  }
}
