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
    if !options.values.lmtp, let recipient = request.localPart {
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
    case .opening, .open:
      if operations.isQuitting {
        throw Failure(.state, "quit was started; no operation can follow it")
      }
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
    operations.append(operation)
  }

  // MARK: Starting

  func startNext() {
    while operations.isNextDue, case .open(let channel) = link, let session {
      guard session.admission() == .anything else {
        handleEvents()
        return
      }
      guard isSurveyed(operations.next), let operation = operations.advance() else { return }
      deadlines.dialogueContinued()
      start(operation, channel)
      handleEvents()
    }
  }

  /// The envelope of the next message follows the end of the one before it in the
  /// same write (RFC 2920 section 3.1), and small ones may go out whole.
  @_optimize(speed)
  func sendAhead() {
    guard let session, !content.isBusy, operations.isAheadPossible else { return }
    while session.admission() == .sendAhead, case .send(let mailing) = operations.next,
      isSurveyed(operations.next)
    {
      guard case .open = link, content.begin(mailing, session) else { return }
      operations.sentAhead()
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
    case .login(let attempt, _): startLogin(attempt, channel)
    case .send(let mailing): begin(mailing)
    case .reset: session?.reset()
    case .quit: session?.quit()
    }
  }

  private func begin(_ mailing: Mailing) {
    if let session { _ = content.begin(mailing, session) }
  }

  /// The server waits for content.
  private func startContent(inChunks: Bool) {
    guard let session, case .send(let mailing) = operations.current else { return }
    if content.start(mailing, inChunks: inChunks, session) { sendAhead() }
  }

  /// The send whose outcome the session gives next.
  private var sendUnderWay: Mailing? { session?.owner as? Mailing }

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
      opening.greeted()
    case .startTLS:
      startTLS()
    case .opened:
      opened()
    case .contentWanted(let inChunks):
      startContent(inChunks: inChunks)
    case .loginDone(let failure):
      endLogin(failure)
    case .sendDone(let outcome):
      content.stop()
      finishTransaction(outcome)
    case .resetDone(let failure):
      complete(failure)
    case .quitDone:
      complete(nil)
      finish(nil, isError: false)
    case .farewell:
      if case .open(let channel) = link, let session {
        content.writeFarewell(session, to: channel)
      }
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
      operations.postpone(mailing, after: next)
    } else if session?.expectation == .end {
      // The reason is the next event. The rest is ended with all else that waits.
      operations.postpone(mailing, after: nil)
    } else {
      begin(mailing)
    }
  }

  @_optimize(speed)
  func complete(_ mailing: Mailing, _ outcome: Outcome) {
    if let failure = outcome.failure { outcome.failure = opening.addressed(failure) }
    operations.sendEnded(mailing, outcome, next: sendUnderWay)
  }

  private func opened() {
    wasReady = true
    trace.note(.smtp, isSecure ? "ready, under TLS" : "ready, in the clear")
    if let onOpened = onOpened.take() { callbacks.operationEnded { onOpened(nil) } }
    callbacks.appendEvent { [self] in onConnect?() }
  }
}
