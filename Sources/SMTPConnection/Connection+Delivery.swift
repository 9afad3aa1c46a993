package import SMTPProtocol
import SMTPTransport

/// The end of operations and of the connection.
extension Connection {
  /// Proceeds as far as possible, then runs callbacks, then sets the timer. What callbacks
  /// start leaves in the same turn; the time that they take does not count for time limits.
  @_optimize(speed)
  func settle() {
    proceed()
    callBack()
    if operations.isIdle { shrink() }
    setTimer()
  }

  @_optimize(speed)
  func callBack() {
    guard !callbacks.isEmpty else { return }
    callbacks.run { goOnWriting() }
    deadlines.callbacksEnded()
  }

  /// An idle connection keeps little.
  private func shrink() {
    session?.shrink()
    operations.shrink()
    callbacks.shrink()
  }

  // MARK: The end of an operation

  func complete(_ failure: Failure?) {
    var failure = failure
    if case .login(let attempt, _) = operations.current {
      attempt.stop()
      failure = failure.map { attempt.reason(for: $0) }
    }
    operations.currentEnded(failure.map { opening.addressed($0) })
  }

  /// Together with earlier transactions of the same send; there are no later ones. The reply
  /// to the last of them is not about the recipients of later ones.
  private func endSend(_ outcome: Outcome, _ reason: Failure) {
    guard let mailing = Mailing.of(outcome) else { return }
    complete(mailing, mailing.take(outcome) ?? mailing.abandoned(reason))
  }

  // MARK: The end of the connection

  /// An error ends the connection, unless another address may do better.
  /// `isDoubtful`: the session has ended messages that may have arrived.
  func fail(_ failure: Failure, isDoubtful: Bool = false) {
    if case .over = link { return }
    // After QUIT was sent nothing is an error.
    if session?.expectation == .farewell {
      trace.note(.network, "\(failure.message)")
      finish(nil, isError: false)
      return
    }
    var failure = duringLogin(failure)
    if triesAgain(after: failure) { return }
    if let session { failure = session.abort(opening.addressed(failure)).reason }
    finish(opening.explained(failure), isError: true, isDoubtful: isDoubtful)
  }

  /// A login that waits for a token, or for the caller's mechanism, is under way, although the dialogue is idle.
  private func duringLogin(_ failure: Failure) -> Failure {
    guard failure.phase == .idle, case .login(let attempt, _) = operations.current else {
      return failure
    }
    var failure = failure
    failure.phase = .auth
    failure.command = ErrorText("AUTH \(Bytes.printable(attempt.name))").text
    return failure
  }

  /// Closes; `failure` goes to everything that is pending, and to the error
  /// event if it is an error. Without one the end was wanted.
  func finish(_ failure: Failure?, isError: Bool, isDoubtful: Bool = false) {
    if case .over = link { return }
    let wasStarted = if case .none = link { false } else { true }
    opening.stop(graceful: !content.isBusy)
    link = .over(failure)
    deadlines.clearTimer()
    let leavesDoubt = abandon(failure ?? .cancelled("the connection was closed by quit"))
    content.stop()
    guard wasStarted else { return }
    if var failure {
      if leavesDoubt || isDoubtful { failure = failure.inDoubt("a message") }
      trace.note(.network, "closed: \(failure.message)", level: isError ? .error : .info)
      if isError { callbacks.appendEvent { [self, failure] in onError?(failure) } }
    } else {
      trace.note(.network, "closed")
    }
    callbacks.appendEvent { [self] in onEnd?() }
    callbacks.wake()
  }

  /// Ends everything pending. True when a message is in doubt.
  private func abandon(_ reason: Failure) -> Bool {
    if case .login(let attempt, _) = operations.current { attempt.stop() }
    var mayBeDelivered = false
    if let onOpened = onOpened.take() { callbacks.operationEnded { onOpened(reason) } }
    session?.abort(reason)
    while let event = session?.nextEvent() {
      switch event {
      case .loginDone(let failure), .resetDone(let failure): complete(failure)
      case .sendDone(let outcome):
        if outcome.failure?.retry == .unknown { mayBeDelivered = true }
        endSend(outcome, reason)
      case .quitDone: complete(nil)
      case .greeted, .startTLS, .opened, .contentWanted, .farewell, .failed: break
      }
    }
    complete(reason)
    operations.endWaiting(untried(reason))
    return mayBeDelivered
  }

  /// For operations that had not begun. Once the server was ready, its reply to one operation
  /// does not decide about another, which may be sent again.
  private func untried(_ reason: Failure) -> Failure {
    if reason.code == .cancelled { return reason }
    var untried = reason
    untried.text = "not tried: \(reason.text)"
    guard wasReady else { return untried }
    untried.retry = .safe
    if reason.code == .envelope || reason.code == .message {
      (untried.code, untried.reply, untried.recipient) = (.connection, nil, nil)
    }
    return untried
  }

  // MARK: Close and cancel

  package func close() {
    guard !isFreed else { return }
    deadlines.update()
    finish(cancelled("the connection was closed by the caller"), isError: false)
  }

  package func cancel() {
    guard !isFreed else { return }
    deadlines.update()
    let reason = cancelled("cancelled by the caller")
    if operations.current != nil || onOpened != nil {
      finish(reason, isError: false)
      return
    }
    operations.endWaiting(reason)
    callbacks.wake()
  }

  /// With where the connection was.
  func cancelled(_ text: ErrorText) -> Failure {
    var failure = Failure.cancelled(text)
    failure.phase = phase
    return failure
  }

  package func resume() throws(Failure) {
    try content.resume()
  }
}

extension Failure {
  static func cancelled(_ text: ErrorText) -> Failure {
    Failure(.cancelled, text, command: "API", phase: .idle, retry: .safe)
  }
}
