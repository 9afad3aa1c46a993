package import SMTPProtocol
package import SMTPTransport

/// The queue of operations and the events of the session.
extension Connection {
  @_optimize(speed)
  package func send(
    _ request: SendRequest, _ source: any ContentSource,
    _ completion: @escaping (Outcome) -> Void
  ) throws(Failure) {
    if request.recipients.isEmpty {
      throw Failure(.envelope, "the envelope has no recipient (to)")
    }
    if !options.lmtp, let recipient = request.localPart {
      throw Self.refusal(withoutDomain: recipient)
    }
    try enqueue(.send(Mailing(request, source, completion)))
  }

  private static func refusal(withoutDomain recipient: Mailbox) -> Failure {
    let shown = Bytes.printable(recipient.bytes, limit: 80)
    var failure = Failure(
      .envelope, "the address \"\(shown)\" (to) has no @; only LMTP takes one without a domain",
      phase: .envelope)
    failure.recipient = recipient.bytes
    return failure
  }

  package func reset(_ completion: @escaping (Failure?) -> Void) throws(Failure) {
    try enqueue(.reset(completion))
  }

  package func quit(_ completion: @escaping (Failure?) -> Void) throws(Failure) {
    try enqueue(.quit(completion))
    isQuitting = true
  }

  /// Whether an operation could be started now.
  package func checkUsable() throws(Failure) {
    try checkLoop()
    switch link {
    case .none:
      throw Failure(.state, "not connected: call connect first")
    case .over(let failure):
      let reason = failure.map { ": \($0.message)" } ?? ""
      throw Failure(.state, "the connection is over\(reason)")
    case .starting, .resolving, .connecting, .securing, .open:
      if isQuitting { throw Failure(.state, "quit was started; no operation can follow it") }
    }
  }

  func checkLoop() throws(Failure) {
    if isFreed { throw Failure(.state, "the connection is being freed") }
    if loop.isClosed { throw Failure(.state, "the loop of the connection was freed") }
    if loop.isForeignProcess {
      throw Failure(.state, "the connection belongs to the parent process")
    }
  }

  @_optimize(speed)
  func enqueue(_ operation: Operation) throws(Failure) {
    try checkUsable()
    callbacks.operationBegan()
    if let loginRefusal, operation.isSend {
      callbacks.operationEnded(operation.ending(unauthenticated(loginRefusal)))
      callbacks.wake()
      return
    }
    // An operation before it in the queue has already woken the loop up.
    let isFirst = queue.isEmpty
    queue.append(operation)
    if isFirst { callbacks.started() }
  }

  // MARK: Starting

  func startNext() {
    while current == nil, case .open(let channel) = link, let session, !queue.isEmpty {
      guard session.admission() == .anything else {
        handleEvents()
        return
      }
      guard isSurveyed(queue.first), let operation = queue.popFirst() else { return }
      current = operation
      deadlines.operationBegan()
      deadlines.dialogueContinued()
      start(operation, channel)
      handleEvents()
    }
  }

  /// The envelope of the next message follows the end of the one before it in the
  /// same write (RFC 2920 section 3.1), and small ones may go out whole.
  @_optimize(speed)
  func sendAhead() {
    guard let session, !queue.isEmpty, content == nil, current?.isSend == true else { return }
    while session.admission() == .sendAhead, case .send(let mailing) = queue.first,
      isSurveyed(queue.first)
    {
      guard case .open = link, begin(mailing) else { return }
      // The session keeps it.
      _ = queue.popFirst()
      trace.collect(from: session)
    }
  }

  /// Whether the next operation can begin: a large message may have to be surveyed first,
  /// which continues in the next turn.
  @_optimize(speed)
  private func isSurveyed(_ operation: Operation?) -> Bool {
    guard case .send(let mailing) = operation, let session, !mailing.isSurveyed(for: session) else {
      return true
    }
    deadlines.activity()
    callbacks.wake()
    return false
  }

  private func start(_ operation: Operation, _ channel: Channel) {
    switch operation {
    case .login(let attempt, _):
      do throws(Failure) {
        try startLogin(attempt, channel)
      } catch {
        endLogin(error)
      }
    case .send(let mailing): begin(mailing)
    case .reset: session?.reset()
    case .quit: session?.quit()
    }
  }

  /// The send whose outcome the session gives next.
  var sendUnderWay: Operation? {
    (session?.owner as? Mailing).map { .send($0) }
  }

  // MARK: Events

  func handleEvents() {
    while let event = session?.nextEvent() {
      trace.collect(from: session)
      handle(event)
    }
    trace.collect(from: session)
  }

  private func handle(_ event: Session.Event) {
    switch event {
    case .greeted:
      connector = nil
    case .startTLS:
      startTLS()
    case .opened:
      opened()
    case .contentWanted(let inChunks):
      startContent(inChunks: inChunks)
    case .loginDone(let failure):
      endLogin(failure)
    case .sendDone(let outcome):
      stopContent()
      finishTransaction(outcome)
    case .resetDone(let failure):
      complete(failure)
    case .quitDone:
      complete(nil)
      finish(nil, isError: false)
    case .farewell:
      writeLastWords()
    case .failed(let failure, let isDoubtful):
      fail(failure, isDoubtful: isDoubtful)
    }
  }

  private func finishTransaction(_ outcome: Outcome) {
    guard let mailing = Mailing.of(outcome) else { return }
    if let outcome = mailing.take(outcome) {
      complete(mailing, outcome)
      return
    }
    trace.note(
      .smtp,
      "the server takes no more recipients at a time; the rest follows in another transaction")
    if let next = sendUnderWay {
      // The rest follows what is under way.
      current = next
      deadlines.operationBegan()
      queue.prepend(.send(mailing))
    } else if session?.expectation == .end {
      // The reason is the next event. The rest is ended with all else that waits.
      current = nil
      queue.prepend(.send(mailing))
    } else {
      begin(mailing)
    }
  }

  private func startTLS() {
    guard case .open(let channel) = link else { return }
    deadlines.connectingBegan()
    secure(channel)
  }

  private func opened() {
    wasReady = true
    trace.note(.smtp, isSecure ? "ready, under TLS" : "ready, in the clear")
    if let opening {
      self.opening = nil
      callbacks.operationEnded { opening(nil) }
    }
    callbacks.appendEvent { [self] in onConnect?() }
  }

  /// Mail that was to be sent with a login must not be sent without it. This holds until
  /// the callback of the login has run.
  func dropSends(behind failure: Failure) {
    var isBehind = true
    let dropped = queue.take { operation in
      if operation.isLogin { isBehind = false }
      return isBehind && operation.isSend
    }
    for operation in dropped {
      droppedSends.append(operation.ending(unauthenticated(failure)))
    }
  }

  private func unauthenticated(_ failure: Failure) -> Failure {
    var failure = failure
    failure.text = "not sent, because the login before it failed: \(failure.text)"
    return failure
  }
}
