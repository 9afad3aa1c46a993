package import SMTPProtocol
import SMTPTransport

/// Endings, and the callbacks that tell of them.
extension Connection {
  /// An operation counts from its start until its callback is due; a callback
  /// counts until it has run.
  func begin() {
    pending += 1
    loop.pendingOperations += 1
  }

  func end() {
    pending -= 1
    loop.pendingOperations -= 1
  }

  func queueCallback(_ callback: @escaping () -> Void) {
    begin()
    deliveries.append(callback)
  }

  func queueEvent(_ callback: @escaping () -> Void) {
    if !isFreed { queueCallback(callback) }
  }

  func deliver() {
    while let delivery = deliveries.popFirst() {
      end()
      delivery()
    }
  }

  /// For what happens outside a turn: calls back if that is allowed here, else
  /// in the next turn.
  func settle() {
    proceed()
    deliver()
    setTimer()
  }

  // MARK: The end of an operation

  func complete(_ failure: Failure?) {
    guard let current else { return }
    self.current = nil
    let failure = failure.map { addressed($0) }
    switch current.completion {
    case .done(let callback): queueCallback { callback(failure) }
    case .sent:
      if let failure { queueCallback(current.ending(untried: failure)) }
    }
    end()
  }

  /// With what earlier transactions of the same send did.
  private func total(_ outcome: Outcome) -> Outcome {
    guard let current, case .send(let mailing) = current.work else { return outcome }
    return mailing.take(outcome) ?? outcome
  }

  func complete(_ outcome: Outcome) {
    guard let current, case .sent(let callback) = current.completion else { return }
    self.current = nil
    if let failure = outcome.failure { outcome.failure = addressed(failure) }
    queueCallback { callback(outcome) }
    end()
  }

  // MARK: The end of the connection

  /// An error ends the connection, unless another address may do better.
  func fail(_ failure: Failure) {
    if case .over = link { return }
    // After QUIT was sent nothing is an error.
    if session?.position.phase == .quit {
      finish(nil, isError: false)
      return
    }
    let failure = addressed(failure)
    if tryWithoutTLS(after: failure) || tryNextAddress(after: failure) { return }
    finish(failure, isError: true)
  }

  /// Adds the addresses that were tried or are in use.
  private func addressed(_ failure: Failure) -> Failure {
    if failure.addresses != nil { return failure }
    var failure = failure
    var addresses = (connector?.attempts ?? []).map { $0.address }
    if let remoteAddress { addresses.append(remoteAddress) }
    if !addresses.isEmpty { failure.addresses = addresses.joined(separator: ", ") }
    return failure
  }

  /// Closes; `failure` goes to everything that is pending, and to the error
  /// event if it is an error. Without one the end was wanted.
  func finish(_ failure: Failure?, isError: Bool) {
    if case .over = link { return }
    let wasStarted = if case .none = link { false } else { true }
    writeLastWords()
    closeChannel(graceful: content == nil)
    link = .over(failure)
    connector = nil
    discardContent()
    timer?.clear()
    let reason = failure ?? .cancelled("the connection was closed by quit")
    abandon(reason)
    guard wasStarted else { return }
    if let failure {
      note(.network, "closed: \(failure.message)", level: isError ? .error : .info)
      if isError { queueEvent { [self] in onError?(failure) } }
    } else {
      note(.network, "closed")
    }
    queueEvent { [self] in onEnd?() }
    wake()
  }

  /// The QUIT that is due to a server whose greeting or offer is no use.
  private func writeLastWords() {
    guard case .open(let channel) = link, let session, session.hasFarewell,
      sent < session.output.count
    else { return }
    _ = channel.write(session.output, from: sent)
  }

  private func abandon(_ reason: Failure) {
    if let current, case .login(let attempt) = current.work { attempt.stop() }
    tokenTask?.cancel()
    tokenTask = nil
    if let opening {
      self.opening = nil
      queueCallback { opening(reason) }
      end()
    }
    session?.abort(reason)
    for event in session?.events ?? [] {
      switch event {
      case .loginDone(let failure), .resetDone(let failure): complete(failure)
      case .sendDone(let outcome): complete(total(outcome))
      case .quitDone: complete(nil)
      case .startTLS, .opened, .contentWanted, .failed: break
      }
    }
    session?.events = []
    if current != nil { complete(reason) }
    var untried = reason
    if reason.code != .cancelled { untried.message = "not tried: \(reason.message)" }
    untried.retry = .safe
    while let operation = queue.popFirst() {
      queueCallback(operation.ending(untried: untried))
      end()
    }
  }

  // MARK: On the caller's demand

  package func close() {
    guard !isFreed else { return }
    clock.now = Clock.now()
    finish(.cancelled("the connection was closed by the caller"), isError: false)
  }

  package func cancel() {
    guard !isFreed else { return }
    clock.now = Clock.now()
    let reason = Failure.cancelled("cancelled by the caller")
    if current != nil || opening != nil {
      finish(reason, isError: false)
      return
    }
    isQuitting = false
    while let operation = queue.popFirst() {
      queueCallback(operation.ending(untried: reason))
      end()
    }
    wake()
  }

  package func resume() throws(Failure) {
    guard content?.isPaused == true else {
      throw Failure(.state, "no message is paused")
    }
    wake()
  }
}

extension Failure {
  static func cancelled(_ text: String) -> Failure {
    Failure(.cancelled, text, command: "API", phase: .idle, retry: .safe)
  }
}
