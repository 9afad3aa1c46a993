import SMTPProtocol

/// The operations of the caller: those that wait, in order, and the one under way.
///
/// Every operation ends through its callback, once, by one of the functions here.
final class OperationQueue {
  private let callbacks: CallbackQueue
  private let deadlines: Deadlines
  private let trace: Trace
  private var waiting = Queue<Operation>()
  /// The one under way; of messages sent ahead the first.
  private(set) var current: Operation?
  /// The login under way.
  var login: LoginAttempt? {
    if case .login(let attempt, _) = current { return attempt }
    return nil
  }
  /// quit was started: no operation can follow it.
  private(set) var isQuitting = false
  /// Set from a failed login or XCLIENT until its callback has run: the error of sends.
  private var refusal: Failure?
  /// Sends that end because of it, called back after it.
  private var droppedSends: [() -> Void] = []

  init(_ callbacks: CallbackQueue, _ deadlines: Deadlines, _ trace: Trace) {
    self.callbacks = callbacks
    self.deadlines = deadlines
    self.trace = trace
  }

  // MARK: Before they begin

  @_optimize(speed)
  func append(_ operation: Operation) {
    callbacks.operationBegan()
    if let refusal, operation.isSend {
      callbacks.operationEnded(operation.ending(refusal))
      callbacks.wake()
      return
    }
    // An operation before it in the queue has already woken the loop up.
    let isFirst = waiting.isEmpty
    waiting.append(operation)
    if case .quit = operation { isQuitting = true }
    if isFirst { callbacks.started() }
  }

  var isIdle: Bool { current == nil && waiting.isEmpty }

  func shrink() { waiting.shrink() }

  // MARK: Under way

  /// Whether another one may begin: none is under way.
  var isNextDue: Bool { current == nil && !waiting.isEmpty }

  /// The next one begins, if it can.
  func beginNext(_ session: Session) -> Operation? {
    guard session.admission() == .anything else { return nil }
    if case .send(let mailing) = waiting.first, !isSurveyed(mailing, session) { return nil }
    begin(waiting.popFirst())
    return current
  }

  /// The send that can be on its way although another one is under way.
  @_optimize(speed)
  func nextAhead(_ session: Session) -> Mailing? {
    guard current?.isSend == true, !waiting.isEmpty, session.admission() == .sendAhead,
      case .send(let mailing) = waiting.first, isSurveyed(mailing, session)
    else { return nil }
    return mailing
  }

  /// Whether it can begin: a large message may have to be surveyed first, which continues in
  /// the next turn.
  @_optimize(speed)
  private func isSurveyed(_ mailing: Mailing, _ session: Session) -> Bool {
    if mailing.isSurveyed(for: session) { return true }
    deadlines.activity()
    callbacks.wake()
    return false
  }

  @inline(__always)
  private func begin(_ operation: Operation?) {
    current = operation
    if operation != nil { deadlines.operationBegan() }
  }

  /// The session keeps the send that was `nextAhead`.
  @_optimize(speed)
  func sentAhead() { _ = waiting.popFirst() }

  // MARK: The end

  /// A transaction has ended, and with it as a rule the send. Returns the send when it goes on at
  /// once with another transaction. `next`: the send that is under way now. `address`: of the
  /// server, for the errors.
  @_optimize(speed)
  func transactionEnded(
    _ outcome: Outcome, next: Mailing?, _ session: Session, _ address: String?
  ) -> Mailing? {
    guard let mailing = Mailing.of(outcome) else { return nil }
    outcome.setAddress(address)
    if let outcome = mailing.take(outcome) {
      sendEnded(mailing, outcome, next: next)
      return nil
    }
    trace.note(
      .smtp,
      "the server takes no more recipients at a time; the rest follows in another transaction")
    if let next {
      // The rest follows what is under way.
      waiting.prepend(.send(mailing))
      begin(.send(next))
    } else if session.expectation == .end {
      // The reason is the next event. The rest is ended with all else that waits.
      waiting.prepend(.send(mailing))
      current = nil
    } else {
      return mailing
    }
    return nil
  }

  /// The connection is over, and no transaction follows: the reply to this one is not about the
  /// recipients of later ones.
  func lastTransactionEnded(
    _ outcome: Outcome, _ reason: Failure, _ address: String?
  ) {
    guard let mailing = Mailing.of(outcome) else { return }
    outcome.setAddress(address)
    let outcome = mailing.take(outcome) ?? mailing.abandoned(reason)
    outcome.setAddress(address)
    sendEnded(mailing, outcome, next: nil)
  }

  @_optimize(speed)
  private func sendEnded(_ mailing: Mailing, _ outcome: Outcome, next: Mailing?) {
    begin(next.map { .send($0) })
    callbacks.sendEnded(mailing, outcome)
  }

  /// The one under way has ended, with `failure` or well.
  func currentEnded(_ failure: Failure?, _ reply: Reply? = nil) {
    if let operation = current.take() { ended(operation, failure, reply) }
  }

  private func ended(_ operation: Operation, _ failure: Failure?, _ reply: Reply? = nil) {
    let ending = operation.ending(failure, reply)
    callbacks.operationEnded { [self] in
      if operation.identification != nil { refusal = nil }
      ending()
    }
    for ending in droppedSends { callbacks.operationEnded(ending) }
    droppedSends = []
  }

  /// The login or XCLIENT under way has failed, and `currentEnded` follows. Mail that was to be
  /// sent as somebody must not be sent as somebody else: this holds until the callback has run, and
  /// for sends that wait until the next operation that says as whom.
  func refuseSends(after failure: Failure) {
    if let failed = current?.identification { refuseSends(after: failed, "failed", failure) }
  }

  /// Those that wait at `start` and later.
  private func refuseSends(
    after failed: Operation.Identification, _ how: ErrorText, _ failure: Failure,
    from start: Int = 0
  ) {
    var refusal = failure
    let what: ErrorText = failed == .login ? "the login" : "XCLIENT"
    refusal.text = "not sent, because \(what) before it \(how): \(failure.text)"
    self.refusal = refusal
    var rest = start
    var isAfterThis = true
    let dropped = waiting.take { operation in
      if rest > 0 {
        rest -= 1
        return false
      }
      if let next = operation.identification, next.rawValue >= failed.rawValue {
        isAfterThis = false
      }
      return isAfterThis && operation.isSend
    }
    for operation in dropped { droppedSends.append(operation.ending(refusal)) }
  }

  /// The first one of this tag that waits ends before it has begun. False when there is none.
  func withdraw(_ tag: UInt, _ reason: Failure) -> Bool {
    guard let place = waiting.firstIndex(where: { $0.tag == tag && !$0.hasBegun }),
      let operation = waiting.remove(at: place)
    else { return false }
    if case .quit = operation { isQuitting = false }
    if let withdrawn = operation.identification {
      refuseSends(after: withdrawn, "was not made", reason, from: place)
    }
    ended(operation, reason)
    callbacks.wake()
    return true
  }

  /// Those that wait do not begin any more. `wasReady`: once the server was ready, its reply to
  /// one operation does not decide about another, which may be sent again.
  func endWaiting(_ reason: Failure, wasReady: Bool) {
    isQuitting = false
    let reason = reason.code == .cancelled ? reason : Self.untried(reason, wasReady)
    while let operation = waiting.popFirst() {
      callbacks.operationEnded(operation.ending(reason))
    }
  }

  private static func untried(_ reason: Failure, _ wasReady: Bool) -> Failure {
    var untried = reason
    untried.text = "not tried: \(reason.text)"
    guard wasReady else { return untried }
    untried.retry = .safe
    if reason.code == .envelope || reason.code == .message {
      (untried.code, untried.reply, untried.recipient) = (.connection, nil, nil)
    }
    return untried
  }
}
