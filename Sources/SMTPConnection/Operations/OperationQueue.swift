import SMTPProtocol

/// The operations of the caller: those that wait, in order, and the one under way.
///
/// Every operation ends through its callback, once, by one of the functions here.
final class OperationQueue {
  private let callbacks: CallbackQueue
  private let deadlines: Deadlines
  private var waiting = Queue<Operation>()
  /// The one under way; of messages sent ahead the first.
  private(set) var current: Operation?
  /// quit was started: no operation can follow it.
  private(set) var isQuitting = false
  /// Set from a failed login until its callback has run.
  private var loginRefusal: Failure?
  /// Sends that end because a login failed, called back after it.
  private var droppedSends: [() -> Void] = []

  init(_ callbacks: CallbackQueue, _ deadlines: Deadlines) {
    self.callbacks = callbacks
    self.deadlines = deadlines
  }

  // MARK: Before they begin

  @_optimize(speed)
  func append(_ operation: Operation) {
    callbacks.operationBegan()
    if let loginRefusal, operation.isSend {
      callbacks.operationEnded(operation.ending(Self.unauthenticated(loginRefusal)))
      callbacks.wake()
      return
    }
    // An operation before it in the queue has already woken the loop up.
    let isFirst = waiting.isEmpty
    waiting.append(operation)
    if case .quit = operation { isQuitting = true }
    if isFirst { callbacks.started() }
  }

  /// The one that begins next.
  var next: Operation? { waiting.first }

  /// Whether the next one may follow a send that is under way.
  var isAheadPossible: Bool { current?.isSend == true && !waiting.isEmpty }

  /// Whether another one may begin: none is under way.
  var isNextDue: Bool { current == nil && !waiting.isEmpty }

  var isIdle: Bool { current == nil && waiting.isEmpty }

  func shrink() { waiting.shrink() }

  // MARK: Under way

  /// The next one begins.
  func advance() -> Operation? {
    begin(waiting.popFirst())
    return current
  }

  @inline(__always)
  private func begin(_ operation: Operation?) {
    current = operation
    if operation != nil { deadlines.operationBegan() }
  }

  /// The next one, a send, is on its way although another one is under way: the session keeps
  /// it.
  @_optimize(speed)
  func sentAhead() { _ = waiting.popFirst() }

  /// The rest of a send follows in another transaction, after `next` if that is under way.
  func postpone(_ rest: Mailing, after next: Mailing?) {
    waiting.prepend(.send(rest))
    begin(next.map { .send($0) })
  }

  // MARK: The end

  /// `next` is under way now.
  @_optimize(speed)
  func sendEnded(_ mailing: Mailing, _ outcome: Outcome, next: Mailing?) {
    begin(next.map { .send($0) })
    callbacks.sendEnded(mailing, outcome)
  }

  /// The one under way has ended, with `failure` or well.
  func currentEnded(_ failure: Failure?) {
    guard let operation = current.take() else { return }
    let ending = operation.ending(failure)
    callbacks.operationEnded { [self] in
      if operation.isLogin { loginRefusal = nil }
      ending()
    }
    for ending in droppedSends { callbacks.operationEnded(ending) }
    droppedSends = []
  }

  /// The login under way has failed, and `currentEnded` follows. Mail that was to be sent with
  /// a login must not be sent without it: this holds until the callback of the login has run.
  func refuseSends(after failure: Failure) {
    loginRefusal = failure
    var isAfterThisLogin = true
    let dropped = waiting.take { operation in
      if operation.isLogin { isAfterThisLogin = false }
      return isAfterThisLogin && operation.isSend
    }
    for operation in dropped {
      droppedSends.append(operation.ending(Self.unauthenticated(failure)))
    }
  }

  private static func unauthenticated(_ failure: Failure) -> Failure {
    var failure = failure
    failure.text = "not sent, because the login before it failed: \(failure.text)"
    return failure
  }

  /// Those that wait do not begin any more.
  func endWaiting(_ reason: Failure) {
    isQuitting = false
    while let operation = waiting.popFirst() {
      callbacks.operationEnded(operation.ending(reason))
    }
  }
}
