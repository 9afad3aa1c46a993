/// The dialogue with a server.
///
/// Theory of operation
///
/// A session does no I/O and reads no clock. Octets of the server go in (`receive`). Events come
/// out (`nextEvent`), and octets that are to be written (`output`, of which `took` says how much
/// has left). The caller's operations are `login`, `send`, `perform` and `quit`; `admission` says
/// which may begin. `expectation` says what has to happen next; `abort` ends whatever is under
/// way. The driver (SMTPConnection) reads, writes, keeps the time and calls back.
///
/// How octets become replies, and when a reply may come at all, is in Session+Replies.
///
/// There is exactly one state, an enum whose cases own what is meaningful in
/// them. Its transitions are in this file, those up to `ready` in Session+Opening, those of a
/// login in Session+Login, those of messages in Session+Sending, those of commands with one reply in
/// Session+Commands:
///
///     greeting --220--> hello(EHLO or LHLO) --250--> ready
///                          |   |502
///                          |   +--> hello(HELO) --250--> ready
///                          +--250 with STARTTLS--> upgrading --220--> securing
///     securing --secured()--> hello(EHLO)
///     ready --login()--> authenticating --235, 5xx--> ready
///                          +--235, when EHLO is wanted again--> renewing --any--> ready
///     ready --login() or perform() after a failed send--> clearing --any--> as without it
///     ready --send()---> transaction --final reply--> ready
///     ready --perform()--> commanding --any but 3yz--> ready
///                          +--220 to XCLIENT--> commanding(EHLO) --250--> ready
///     ready --quit()---> quitting --221--> closed
///     any   --421, nonsense, abort()--> closed
///
/// One operation is under way at a time; the driver queues the others. Inside a
/// transaction many commands may be under way (PIPELINING, RFC 2920): their
/// replies come in a fixed order, so `Transaction` knows by its step which one
/// is next. A reply that no state waits for closes the session.
///
/// Once the end of a message is in the output, the envelope of the next may follow
/// it at once (RFC 2920 section 3.1): that transaction stands in `behind` until the
/// one before it has its final reply.
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
    /// RSET goes before what has no place in a transaction.
    case clearing(Cleared)
    case authenticating(Authentication)
    /// EHLO after a login.
    case renewing
    case transaction(Transaction)
    case commanding(CommandRequest)
    case quitting
    case closed
  }

  /// What begins when no transaction is open.
  enum Cleared {
    case login(Authentication)
    case command(CommandRequest)
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

  let configuration: Configuration
  let cryptography: any Cryptography
  var state = State.greeting
  /// Transactions whose commands are under way while another one is in `state`.
  var behind = Queue<Transaction>()
  /// As the server counts them (RFC 9422 section 4.1).
  var transactionCount = 0
  /// A failed transaction may have left something behind at the server.
  var needsReset = false
  /// Where in the output a chunk ends that there may be a reply to.
  var lateChunkEnd: Int?
  /// EHLO was refused in a way that may mean more than that it is not known.
  var helloRefusal: Failure?
  /// The mechanism before, while another one may follow it.
  var refusedLogin: Authentication?
  var isSecure: Bool
  package internal(set) var isAuthenticated = false
  package internal(set) var capabilities = Capabilities.none
  package internal(set) var lastReply: Reply?

  /// What the server sent, as far as it was not taken yet (Session+Replies).
  var parser = ReplyParser()
  /// Whether replies are taken: until the session has failed.
  var isListening = true
  /// When the octets came that are looked at.
  var now: Int64 = 0
  /// The last reply to RCPT that was as hoped for.
  var agreement: Reply?

  /// The session is over, and a last QUIT is all that `output` holds.
  var hasFarewell = false

  /// What is to be written; the driver says with `took` what has left.
  package internal(set) var output: SessionOutput
  /// What the driver has not asked for yet.
  var events = Queue<Event>()

  package init(_ configuration: Configuration, cryptography: any Cryptography) {
    self.configuration = configuration
    output = SessionOutput(configuration.log)
    self.cryptography = cryptography
    isSecure = configuration.isSecure
  }

  // MARK: What the driver may ask

  var isReady: Bool {
    if case .ready = state { return true }
    return false
  }

  var isOver: Bool {
    if case .closed = state { return true }
    return false
  }

  package var expectation: Expectation {
    switch state {
    case .quitting: return .farewell
    case _ where !isListening: return .end
    case .greeting: return .greeting
    case .ready: return .nothing
    case .authenticating(let authentication) where authentication.awaitsAnswer: return .nothing
    case .transaction(let transaction): return transaction.expectation(isReplyDue: isReplyDue)
    case .hello, .upgrading, .securing, .clearing, .authenticating, .renewing, .commanding:
      return .reply
    case .closed: return .end
    }
  }

  /// For messages about time limits and lost connections: where we are.
  package var position: (phase: Phase, command: String) {
    switch state {
    case .greeting: (.greeting, "CONN")
    case .hello(let hello): (.hello, hello.verb.description)
    case .renewing: (.hello, firstHello.verb.description)
    case .upgrading, .securing: (.starttls, "STARTTLS")
    case .ready, .closed: (.idle, "CONN")
    case .clearing(.login): (.auth, "RSET")
    case .clearing(.command(let request)): (request.phase, "RSET")
    case .authenticating(let authentication): (.auth, authentication.command)
    case .transaction(let transaction): transaction.position
    case .commanding(let request):
      request.isHello
        ? (.hello, firstHello.verb.description) : (request.phase, request.command)
    case .quitting: (.quit, "QUIT")
    }
  }

  /// Whether all has left that the next reply answers.
  private var isReplyDue: Bool { !output.isNextReplyEarly }

  // MARK: What the driver does

  /// So many octets have left: of the output, or when that is empty of content that was never
  /// in it. False when the next reply was not due before.
  package func took(_ count: Int, now: Int64) -> Bool {
    let wasDue = isReplyDue
    if output.isEmpty {
      output.passed(count)
    } else if output.take(count) {
      removeOutput()
    }
    if case .transaction(let transaction) = state { transaction.passed(output.left, now: now) }
    return wasDue
  }

  /// Nothing is under way: what many messages needed is given back.
  package func shrink() {
    output.shrink()
    parser.shrink()
    events.shrink()
    behind.shrink()
  }

  /// Nothing of the output is to be written any more.
  private func removeOutput() { output.removeAll(cryptography) }

  package func quit() {
    guard isQuiet() else { return }
    state = .quitting
    emit(Command.quit)
  }

  /// The connection is lost or given up: whatever is under way ends with `loss`, unless there is
  /// a verdict on it. Returns the reason for the end of the connection, which is a verdict that
  /// had arrived or `loss`, and whether a message is in doubt.
  @discardableResult
  package func abort(_ loss: Failure) -> (reason: Failure, isDoubtful: Bool) {
    let failure = reason(for: loss)
    let before = state
    var isDoubtful = false
    state = .closed
    isListening = false
    switch before {
    case .clearing(.login), .renewing:
      events.append(.loginDone(failure))
    case .authenticating(let authentication):
      events.append(.loginDone(authentication.interrupted(failure)))
    case .transaction(let transaction):
      var next: Transaction? = transaction
      while let interrupted = next {
        let outcome = interrupted.interrupted(failure, left: output.left)
        if outcome.failure?.retry == .unknown { isDoubtful = true }
        events.append(.sendDone(outcome, next: nil))
        next = behind.popFirst()
      }
    case .clearing(.command):
      events.append(.commandDone(failure, nil))
    case .commanding(let request):
      events.append(.commandDone(failure, request.reply))
    case .quitting:
      events.append(.quitDone)
    case .greeting, .hello, .upgrading, .securing, .ready, .closed:
      break
    }
    // Content without its end must not leave: the end may be here.
    if !hasFarewell { removeOutput() }
    return (failure, isDoubtful)
  }

  private func reason(for loss: Failure) -> Failure {
    let refusal: Failure? =
      switch state {
      case .hello(.helo): helloRefusal
      case .commanding(let request): request.refusal
      default: nil
      }
    return refusal?.followed(by: loss) ?? loss
  }

  // MARK: Replies

  @_optimize(speed)
  func receive(_ reply: Reply) {
    if lateChunkEnd != nil, receiveLate(reply) { return }
    if case .transaction(let transaction) = state, reply.code != 421 {
      if output.isLogged { traceReply(reply) }
      lastReply = reply
      let isEarly = output.isNextReplyEarly
      if !transaction.hasMoreVerdicts { output.replied() }
      receiveTransaction(reply, transaction, isEarly: isEarly)
    } else {
      receiveOutside(reply)
    }
  }

  /// Everything but what happens in a transaction.
  private func receiveOutside(_ reply: Reply) {
    if isOver { return }
    var reply = reply
    var shown = reply
    switch state {
    case .authenticating(let authentication):
      shown = authentication.hidingSecrets(reply)
      // The mechanism needs a challenge as it is.
      if reply.code != 334 { reply = shown }
    case .commanding(let request):
      shown = request.hidingSecret(reply)
      reply = shown
      // What the server decided is not replaced by what it says to EHLO.
      if !request.isRestarting { request.reply = reply }
    // Nothing was asked: it may repeat what was sent for a login that is over, and is erased.
    case .ready where !parser.quotes && reply.code != 421:
      shown = reply.masked
      reply = shown
    default: break
    }
    if output.isLogged { traceReply(reply) }
    lastReply = shown
    output.replied()
    // 421 may answer anything (RFC 5321 section 3.8) and ends the connection,
    // but it may also be the verdict on what is under way.
    if reply.code == 421 {
      receiveClosing(reply)
      return
    }
    switch state {
    case .greeting: receiveGreeting(reply)
    case .hello(let hello): receiveHello(reply, hello)
    case .upgrading: receiveUpgrade(reply)
    // Whatever RSET is answered, what comes after it will tell.
    case .clearing(.login(let authentication)): authenticate(authentication)
    case .clearing(.command(let request)): begin(request)
    case .authenticating(let authentication): receiveAuthentication(reply, authentication)
    case .renewing: receiveRenewal(reply)
    case .commanding(let request): receiveCommand(reply, request)
    case .quitting:
      state = .closed
      events.append(.quitDone)
    case .ready, .securing:
      fail(.unexpected(reply, phase: .idle))
    case .transaction, .closed:
      break
    }
  }

  private func receiveClosing(_ reply: Reply) {
    let (phase, command) = position
    let failure = Failure.refused(
      .connection, "the server closes the connection", reply, command: command, phase: phase,
      retry: .safe)
    if case .transaction(let transaction) = state, transaction.awaitsVerdict {
      events.append(
        .sendDone(
          transaction.closed(by: reply, failure, left: output.left, now: now), next: nil))
      advance(to: .closed)
    }
    // After QUIT was sent nothing is an error.
    if case .quitting = state { abort(failure) } else { fail(failure) }
  }

  // MARK: Output

  /// `secret` goes behind the command, without a copy of it staying anywhere.
  func emit(_ line: [UInt8], _ secret: Secret? = nil) {
    output.append(line)
    if let secret { output.append(secret) }
    output.endCommand()
    _ = isSound()
  }

  /// Whether all that was put out could be a command.
  func isSound() -> Bool {
    if output.hasRefused, !isOver {
      fail(Failure(.protocolViolation, "a command would contain a control character"))
    }
    return !output.hasRefused
  }

  func fail(_ failure: Failure, isDoubtful: Bool = false) {
    let end = abort(failure)
    events.append(.failed(end.reason, isDoubtful: isDoubtful || end.isDoubtful))
  }
}
