import SMTPProtocol
import SMTPTransport

/// Drives a connection: the wiring of the session, the channel, and the owners of everything else.
///
/// Only this type knows all of them; none of them knows it, or another one that is not below it.
/// What an owner cannot decide it returns, or says through the closure that it was given.
///
///     opening      from a name to an open, secured channel
///     dialogue     the session, and the channel that it speaks over
///     operations   what the caller has started, and what of that is under way
///     content      what leaves next: commands, and the content of a message
///     callbacks    the callbacks that are due, and the turn in which they run
///     events       the callbacks that belong to no operation
///     deadlines    time limits
///     trace        the log
///
/// Everything happens in `turn`, which the loop calls when the channel is ready or something
/// was started. Callbacks and log lines are only queued during the other steps of it, and what
/// the caller gave is kept until its callback has run: so no callback runs in the middle of a
/// change, release callbacks included, and each may call any function. The three that must
/// return a value at once (read, key password, TLS context) may end the connection; the code
/// that calls them checks that afterwards.
final class Driver {
  enum Link {
    case none
    /// Until the channel is open, and while it is secured after STARTTLS.
    case opening
    case open
    case over(Failure?)
  }

  let callbacks: CallbackQueue
  let deadlines: Deadlines
  let trace: Trace
  let events: Events
  let opening: Opening
  let operations: OperationQueue
  private let content: ContentPump
  private let options: SharedOptions
  private let loop: EventLoop
  private let cryptography: any Cryptography

  private(set) var link = Link.none
  /// The last one stays when it is over.
  private(set) var dialogue: Dialogue?
  /// connect has succeeded.
  private(set) var wasReady = false
  /// connect is under way.
  private var onOpened: ((Failure?) -> Void)?
  /// The next part of a computation; kept until the end of the connection.
  private var work: LoopTask?

  init(_ options: SharedOptions, _ loop: EventLoop, _ cryptography: any Cryptography) {
    self.options = options
    self.loop = loop
    self.cryptography = cryptography
    callbacks = CallbackQueue(loop)
    deadlines = Deadlines(options.values.limits, clock: loop)
    trace = Trace(options.values, callbacks)
    events = Events(callbacks)
    opening = Opening(options, loop, deadlines, trace, callbacks)
    operations = OperationQueue(callbacks, deadlines, trace)
    content = ContentPump(loop, callbacks, deadlines, trace, events)
    deadlines.startTimer(on: loop) { [self] in limitPassed() }
    callbacks.onTurn { [self] in turn() }
  }

  private var session: Session? { dialogue?.session }

  // MARK: The turn

  private func turn() {
    deadlines.update()
    settle()
  }

  /// Proceeds as far as possible, then runs callbacks, then sets the timer. What callbacks
  /// start leaves in the same turn; the time that they take does not count for time limits.
  @_optimize(speed)
  private func settle() {
    proceed()
    callBack()
    if operations.isIdle {
      // An idle connection keeps little.
      session?.shrink()
      operations.shrink()
      callbacks.shrink()
    }
    setTimer()
  }

  private func proceed() {
    if case .opening = link {
      take(opening.proceed())
      guard case .open = link else { return }
    }
    receive()
    write()
    // A handshake that began here writes its first message now.
    if case .opening = link { proceed() }
  }

  private func write() {
    beginNext()
    sendAhead()
    transmit()
  }

  @_optimize(speed)
  private func callBack() {
    guard !callbacks.isEmpty else { return }
    callbacks.run { write() }
    deadlines.callbacksEnded()
  }

  // MARK: Opening

  func connect(_ completion: @escaping (Failure?) -> Void) {
    onOpened = completion
    callbacks.operationBegan()
    deadlines.update()
    deadlines.operationBegan()
    deadlines.partBegan()
    link = .opening
    let isTurnNeeded = opening.begin(
      onStep: { [self] step in
        take(step)
        settle()
      }, onReady: { [self] in turn() })
    // For the first line of the log too.
    if isTurnNeeded || trace.isOn { callbacks.wake() }
    // Without a socket it is not known what time it is before the first turn.
    if options.values.pipe == nil { setTimer() }
  }

  private func take(_ step: Opening.Step) {
    switch step {
    case .pending: break
    case .open(let channel):
      link = .open
      let configuration = Session.Configuration(
        options.values, name: opening.clientName ?? [], opening.tlsPolicy,
        trace.dialogue)
      dialogue = Dialogue(
        Session(configuration, cryptography: cryptography), over: channel, loop, callbacks,
        deadlines)
    case .upgraded:
      link = .open
      session?.secured()
    case .failed(let failure): fail(failure)
    }
  }

  private func opened() {
    wasReady = true
    deadlines.partEnded(.hello)
    trace.note(.smtp, opening.isSecure ? "ready, under TLS" : "ready, in the clear")
    if let onOpened = onOpened.take() { callbacks.operationEnded { onOpened(nil) } }
    events.connected()
  }

  // MARK: Operations that begin

  private func beginNext() {
    while operations.isNextDue, case .open = link, let session {
      guard let operation = operations.beginNext(session) else { return handleEvents() }
      deadlines.dialogueContinued()
      switch operation {
      case .login(let attempt, _):
        let binding = dialogue?.channel.binding(options.values.bindingChoice) ?? .none
        deadlines.partBegan()
        take(
          attempt.begin(with: session, binding, isConfidential: opening.isConfidential) {
            [self] news in take(news)
          })
      case .send(let mailing): _ = content.begin(mailing, session)
      case .command(let request, _): session.perform(request)
      case .quit: session.quit()
      }
      handleEvents()
    }
  }

  /// The envelope of the next message follows the end of the one before it in the
  /// same write (RFC 2920 section 3.1), and small ones may go out whole.
  @_optimize(speed)
  private func sendAhead() {
    guard case .open = link, let session, !content.isBusy else { return }
    while let mailing = operations.nextAhead(session) {
      guard content.begin(mailing, session) else { return }
      operations.sentAhead()
    }
  }

  // MARK: A login

  private func take(_ news: LoginAttempt.News) {
    switch news {
    case .token(let token):
      events.renewed(token)
    case .answered(let step):
      take(step)
      handleEvents()
      callbacks.started()
    case .resumed(let step):
      take(step)
      handleEvents()
      settle()
    }
  }

  private func take(_ step: LoginAttempt.Step) {
    switch step {
    case .pending: break
    case .begin(let mechanism): session?.login(mechanism)
    case .respond(let answer): session?.answer(answer)
    case .end(let failure):
      operations.refuseSends(after: failure)
      complete(failure)
    }
  }

  /// A part of a computation: the turns of other connections are between the parts. It is as good
  /// as activity of the peer, which has to wait for it.
  private func proceedWithWork() {
    guard case .open = link, let session else { return }
    deadlines.update()
    deadlines.activity()
    session.work()
    handleEvents()
    settle()
  }

  // MARK: Octets in and out

  private func receive(after writeFailure: Failure? = nil) {
    guard case .open = link, let dialogue else { return }
    if let failure = dialogue.receive(after: writeFailure, handle) { lost(failure) }
  }

  private func handleEvents() { dialogue?.handleEvents(handle) }

  private func transmit() {
    var budget = ContentPump.contentPerTurn
    while case .open = link, let dialogue {
      switch content.transmit(dialogue.session, to: dialogue.channel, &budget) {
      case .waiting:
        return
      case .contentEnded:
        sendAhead()
      case .contentRefused:
        handleEvents()
        callbacks.wake()
      case .sourceFailed(let failure):
        fail(failure)
      case .closed:
        lost(Dialogue.closed("the server closed the connection"))
      case .writeFailed(let failure):
        receive(after: failure)
        lost(failure)
      }
    }
  }

  private func lost(_ failure: Failure) {
    if case .open = link, let dialogue { fail(dialogue.located(failure)) }
  }

  // MARK: Events of the session

  private func handle(_ event: Session.Event) {
    switch event {
    case .greeted:
      deadlines.partEnded(.greeting)
      opening.greeted()
    case .startTLS:
      deadlines.partEnded(.hello)
      guard case .open = link, let dialogue else { return }
      link = .opening
      take(opening.upgrade(dialogue.channel))
    case .opened: opened()
    case .contentWanted(let inChunks):
      guard let session, case .send(let mailing) = operations.current else { return }
      if content.start(mailing, inChunks: inChunks, session) { sendAhead() }
    case .workDue:
      let work = work ?? LoopTask { [self] in proceedWithWork() }
      self.work = work
      loop.schedule(work)
    case .loginDone(let failure):
      // Another mechanism may follow.
      if let failure, let login = operations.login {
        take(login.next(after: failure))
      } else {
        complete(failure)
      }
    case .sendDone(let outcome, let next):
      content.ended(outcome.owner)
      guard let session else { return }
      deadlines.messageEnded(outcome)
      let rest = operations.transactionEnded(
        outcome, next: next as? Mailing, session, opening.remoteAddress)
      if let rest { _ = content.begin(rest, session) }
    case .commandDone(let failure, let reply):
      if let failure { operations.refuseSends(after: failure) }
      complete(failure, reply)
    case .quitDone:
      complete(nil)
      finish(nil, isError: false)
    case .farewell:
      if case .open = link, let dialogue {
        dialogue.channel.leave()
        content.writeFarewell(dialogue.session, to: dialogue.channel)
      }
    case .failed(let failure, let isDoubtful): fail(failure, isDoubtful: isDoubtful)
    }
  }

  private func complete(_ failure: Failure?, _ reply: Reply? = nil) {
    var failure = failure
    if let login = operations.login {
      login.stop()
      session?.loginEnded()
      deadlines.partEnded(.login)
      failure = failure.map { login.reason(for: $0) }
    }
    operations.currentEnded(failure.map { opening.addressed($0) }, reply)
  }

  // MARK: Time limits

  private func setTimer() { deadlines.setTimer(for: waiting, isOperating: isOperating) }

  private func limitPassed() {
    deadlines.update()
    let waiting = waiting
    let limit = deadlines.passed(waiting, isOperating: isOperating) {
      if case .open = link { dialogue?.channel.unsent } else { nil }
    }
    if let limit {
      let command = session?.position.command ?? "CONN"
      fail(deadlines.failure(of: limit, waiting, phase: phase, command: command))
    }
    callBack()
    setTimer()
  }

  /// When the next limit passes, if nothing happens before.
  var deadline: Int64? { deadlines.next(for: waiting, isOperating: isOperating)?.deadline }

  /// connect or an operation is under way.
  private var isOperating: Bool { onOpened != nil || operations.current != nil }

  private var waiting: Deadlines.Waiting {
    switch link {
    case .none, .over: .nothing
    case .opening: opening.waiting
    case .open: dialogue?.waiting ?? .nothing
    }
  }

  /// Where the connection is.
  private var phase: Phase {
    switch link {
    case .none, .over: .idle
    case .opening: opening.phase
    case .open: session?.position.phase ?? .idle
    }
  }

  // MARK: What the caller does

  func resume() throws(Failure) { try content.resume() }

  func cancel() {
    let reason = cancelled("cancelled by the caller")
    if isOperating {
      finish(reason, isError: false)
    } else {
      operations.endWaiting(reason, wasReady: wasReady)
      callbacks.wake()
    }
  }

  func end(_ text: ErrorText) { finish(cancelled(text), isError: false) }

  /// With where the connection was.
  private func cancelled(_ text: ErrorText) -> Failure {
    var failure = Failure.cancelled(text)
    failure.phase = phase
    return failure
  }

  // MARK: The end of the connection

  /// An error ends the connection, unless another address may do better.
  /// `isDoubtful`: the session has ended messages that may have arrived.
  private func fail(_ failure: Failure, isDoubtful: Bool = false) {
    if case .over = link { return }
    // After QUIT was sent nothing is an error.
    if session?.expectation == .farewell {
      trace.note(.network, "\(failure.message)")
      finish(nil, isError: false)
      return
    }
    var failure = operations.login?.located(failure) ?? failure
    if opening.triesAgain(after: failure) {
      // The dialogue so far is void.
      dialogue = nil
      link = .opening
      return
    }
    if let session { failure = session.abort(opening.addressed(failure)).reason }
    finish(opening.explained(failure), isError: true, isDoubtful: isDoubtful)
  }

  /// Closes; `failure` goes to everything that is pending, and to the error
  /// event if it is an error. Without one the end was wanted.
  private func finish(_ failure: Failure?, isError: Bool, isDoubtful: Bool = false) {
    if case .over = link { return }
    let wasStarted = if case .none = link { false } else { true }
    if !wasReady, wasStarted, let failure { deadlines.partFailed(in: failure.phase) }
    opening.stop(graceful: !content.isBusy)
    work?.cancel()
    work = nil
    link = .over(failure)
    deadlines.clearTimer()
    let leavesDoubt = abandon(failure ?? .cancelled("the connection was closed by quit"))
    content.ended(nil)
    guard wasStarted else { return }
    if var failure {
      if leavesDoubt || isDoubtful { failure = failure.inDoubt("a message") }
      trace.note(.network, "closed: \(failure.logged)", level: isError ? .error : .info)
      if isError { events.failed(failure) }
    } else {
      trace.note(.network, "closed")
    }
    trace.note(.network, "took: \(deadlines.timings.text)")
    events.ended()
    callbacks.wake()
  }

  /// Ends everything pending. True when a message is in doubt.
  private func abandon(_ reason: Failure) -> Bool {
    operations.login?.stop()
    if let onOpened = onOpened.take() { callbacks.operationEnded { onOpened(reason) } }
    session?.abort(reason)
    var isDoubtful = false
    while let event = session?.nextEvent() {
      switch event {
      case .loginDone(let failure): complete(failure)
      case .commandDone(let failure, let reply): complete(failure, reply)
      case .sendDone(let outcome, _):
        if outcome.failure?.retry == .unknown { isDoubtful = true }
        deadlines.messageEnded(outcome)
        operations.lastTransactionEnded(outcome, reason, opening.remoteAddress)
      case .quitDone: complete(nil)
      case .greeted, .startTLS, .opened, .workDue, .contentWanted, .farewell, .failed: break
      }
    }
    complete(reason)
    operations.endWaiting(reason, wasReady: wasReady)
    return isDoubtful
  }
}
