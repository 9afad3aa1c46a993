package import SMTPProtocol
package import SMTPTransport

/// Sends messages over as many connections as are needed: the wiring of its owners.
///
///     queue        the messages that no connection has
///     links        the connections, and what each was given
///     rate, backoff    when a message may begin, and when a connection
///     callbacks    the callbacks that are due
///
/// The callbacks of its connections change only what the pool knows; those of the caller run in the
/// turn of the pool. A connection that has room gets its next message in its own turn.
package final class Pool {
  package let loop: EventLoop
  package var settings = PoolSettings() {
    didSet { callbacks.wake() }
  }
  package var rate = PoolRate(most: 0, period: 0) {
    didSet { callbacks.wake() }
  }
  package var recipientRate = PoolRate(most: 0, period: 0) {
    didSet { callbacks.wake() }
  }
  package var onRoom: (() -> Void)?
  package var onLog: ((Int, LogRecord) -> Void)? {
    didSet { for link in links { follow(link) } }
  }
  package var onToken: ((AccessToken) -> Void)?

  let callbacks: CallbackQueue
  let queue = PoolQueue()
  var backoff = PoolBackoff()
  var counts = PoolCounts()
  var links: [PoolLink] = []
  let options: SharedOptions
  var login: PoolLogin?
  let cryptography: any Cryptography
  /// When there is something to do although nothing happens.
  private var timer: LoopTimer?
  var alarm = Int64.max
  /// Messages that connections have.
  private var active = 0
  /// Messages that connections did not decide about and have not given back yet.
  private var held = 0
  /// A send was refused because the queue was full.
  private var wasFull = false
  private var isPaused = false
  /// No message is taken any more.
  private(set) var isDraining = false
  /// Nothing begins any more.
  private var isClosed = false
  private var onDrained: (() -> Void)?

  /// Whether a pool can be made of these. Not in `init`: what throws before it has set everything
  /// is never freed in the Embedded mode.
  package static func check(_ options: Options, _ identity: Identity?) throws(Failure) {
    try options.validate()
    if options.socket != nil || options.connectedSocket != nil {
      throw Failure(
        .options, "a pool opens connections itself: socket and connection cannot be set")
    }
    if let identity { try options.check(identity) }
  }

  package init(_ options: Options, _ identity: Identity?, loop: EventLoop) {
    self.options = SharedOptions(options)
    login = identity.map { PoolLogin($0) }
    self.loop = loop
    cryptography = OpenSSLCryptography()
    callbacks = CallbackQueue(loop, of: "pool")
    timer = LoopTimer(loop) { [self] in proceed() }
    callbacks.onTurn { [self] in
      proceed()
      callbacks.run { proceed() }
    }
  }

  // MARK: What the caller does

  /// Messages that have not ended.
  var unended: Int { queue.count + held + active }
  /// Messages and callbacks that have not ended.
  package var pending: Int { callbacks.pending }

  package func send(
    _ request: SendRequest, _ source: any ContentSource, tag: UInt,
    _ ended: @escaping (Outcome) -> Void
  ) throws(Failure) {
    try callbacks.check()
    if isClosed || isDraining {
      throw Failure(.state, "the pool was closed or drained; it takes no more messages")
    }
    try request.check(isLMTP: options.values.lmtp)
    if settings.queueLimit > 0, unended >= settings.queueLimit {
      wasFull = true
      throw Failure(
        .full, "the pool has as many messages as it takes (queue_limit); send when some have ended",
        retry: .safe)
    }
    callbacks.operationBegan()
    queue.append(PoolMessage(request, source, tag: tag, ended))
    callbacks.started()
  }

  /// Ends the first message of this tag that has not begun. False when there is none.
  package func withdraw(tag: UInt) throws(Failure) -> Bool {
    try callbacks.check()
    for link in links {
      // Nothing of it was sent: its end follows as that of any other. The login of one that has no
      // messages is not the caller's.
      if link.active > 0, try link.connection.withdraw(tag: tag) { return true }
      reclaim(link)
    }
    guard let message = queue.remove(tag) else { return false }
    end(message, .cancelled("withdrawn by the caller before it began"))
    return true
  }

  package func pause(_ isPaused: Bool) throws(Failure) {
    try callbacks.check()
    self.isPaused = isPaused
    callbacks.wake()
  }

  /// `completion` is called when all messages have ended and the connections have quit.
  package func drain(_ completion: @escaping () -> Void) throws(Failure) {
    try callbacks.check()
    if isDraining { throw Failure(.state, "drain was called before") }
    isDraining = true
    onDrained = completion
    callbacks.operationBegan()
    callbacks.wake()
  }

  /// Ends everything; callbacks run in the next turn.
  package func close() {
    guard !callbacks.isEnding else { return }
    isClosed = true
    for link in links {
      link.connection.close()
      reclaim(link)
    }
    endQueue(.cancelled("the pool was closed by the caller"))
    callbacks.wake()
  }

  /// Ends everything at once; callbacks run inside. Returns whether this was the first call. A
  /// child process runs only release callbacks.
  package func free() -> Bool {
    guard !callbacks.isEnding else { return false }
    callbacks.refuseEvents()
    isClosed = true
    onRoom = nil
    onLog = nil
    onToken = nil
    for link in links {
      _ = link.connection.free()
      reclaim(link)
    }
    links = []
    endQueue(.cancelled("the pool was freed"))
    finishDrain()
    callbacks.end()
    timer?.invalidate()
    timer = nil
    login = nil
    return true
  }

  package func count(_ kind: PoolCounts.Kind) -> UInt64 {
    switch kind {
    case .connections: UInt64(links.count)
    case .queued: UInt64(queue.count + held)
    case .active: UInt64(active)
    case .perSecond: counts.perSecond(now: loop.now)
    default: counts[kind]
    }
  }

  // MARK: The end of messages

  private func end(_ message: PoolMessage, _ failure: Failure? = nil) {
    let outcome = message.outcome(failure)
    counts.ended(outcome.failure, now: loop.now)
    callbacks.operationEnded { message.ended(outcome) }
    if wasFull, unended <= settings.queueLimit / 2 {
      wasFull = false
      callbacks.appendEvent { [self] in onRoom?() }
    }
    callbacks.wake()
  }

  func endQueue(_ failure: Failure) {
    while let message = queue.popAny() { end(message, failure) }
  }

  private func finishDrain() {
    guard let onDrained = onDrained.take() else { return }
    callbacks.operationEnded(onDrained)
    callbacks.wake()
  }

  /// A connection is done with a message.
  private func tried(_ link: PoolLink, _ message: PoolMessage, _ outcome: Outcome) {
    let now = loop.now
    active -= 1
    link.ended(now: now)
    let failure = outcome.failure
    let isDecided = failure.map { $0.code == .envelope || $0.code == .message } ?? true
    if isDecided {
      if !link.hasAnswered { backoff.succeeded() }
      link.hasAnswered = true
    }
    let ending = message.take(outcome, isFirst: link.failure == nil)
    if let failure, failure.isOfConnection { link.fails(failure) }
    var moment = now
    if case .again = ending { moment += delay(of: message) }
    if case .over = ending {
      end(message)
    } else if isClosed || message.tries >= settings.tries || !message.isInTime(moment, settings) {
      end(message)
    } else {
      sendAgain(message, link, at: moment, now, isUntried: failure?.isUndecided == true)
    }
    if link.active == 0 { reclaim(link) }
    if link.connection.isOver || failure?.isUndecided == true { leave(link) }
    feed(link, now)
    callbacks.wake()
  }

  private func sendAgain(
    _ message: PoolMessage, _ link: PoolLink, at moment: Int64, _ now: Int64, isUntried: Bool
  ) {
    message.sendAgain()
    counts.add(.triesAgain)
    if moment > now {
      queue.delay(message)
      message.timer = LoopTimer(loop) { [self] in
        queue.undelay(message)
        queue.appendAgain(message)
        callbacks.wake()
      }
      message.timer?.set(moment)
    } else if message.isSuspect {
      // All others go first: it may be the reason for the end.
      queue.append(message)
    } else if !isUntried {
      // The connection goes on, and may have messages for ever.
      queue.appendAgain(message)
    } else {
      link.keepReturned(message)
      held += 1
    }
  }

  /// In their order, and before all that waits.
  func reclaim(_ link: PoolLink) {
    let returned = link.takeReturned()
    held -= returned.count
    queue.putBack(returned)
  }

  private func delay(of message: PoolMessage) -> Int64 {
    PoolBackoff.wait(settings.tryDelay, message.tries - 1, most: 1 << 40, random: random)
  }

  var random: UInt16 {
    guard let octets = cryptography.randomBytes(2), octets.count == 2 else { return 0 }
    return UInt16(octets[0]) << 8 | UInt16(octets[1])
  }

  // MARK: The turn

  /// Messages to connections, connections that are missing, and those that are not needed.
  private func proceed() {
    guard !callbacks.isEnding else { return }
    let now = loop.now
    alarm = .max
    while let link = freest, isDue(now), let message = queue.popFirst() {
      give(message, link, now)
    }
    open(now)
    rest(now)
    if isDraining || isClosed, links.isEmpty, unended == 0 { finishDrain() }
    if alarm == .max { timer?.clear() } else { timer?.set(alarm) }
  }

  /// Whether the first message may begin.
  func isDue(_ now: Int64) -> Bool {
    guard !isPaused, !isClosed, let message = queue.first else { return false }
    let moment = max(rate.moment(of: 1), recipientRate.moment(of: message.recipientCount))
    if moment > now { alarm = min(alarm, moment) }
    return moment <= now
  }

  private var isAtOnce: Bool { options.values.chunking == .optimistic }

  /// That which has the fewest messages.
  private var freest: PoolLink? {
    var best: PoolLink?
    for link in links where link.takesAnother(atOnce: isAtOnce) {
      if let known = best, known.active <= link.active { continue }
      best = link
    }
    return best
  }

  func feed(_ link: PoolLink, _ now: Int64) {
    while link.takesAnother(atOnce: isAtOnce), isDue(now), let message = queue.popFirst() {
      give(message, link, now)
    }
  }

  private func give(_ message: PoolMessage, _ link: PoolLink, _ now: Int64) {
    guard message.isInTime(now, settings) else {
      // It has waited too long for a connection, or for the rate.
      end(message)
      return
    }
    link.gives()
    active += 1
    do throws(Failure) {
      try link.connection.send(message.nextRequest(now: now), message.source, tag: message.tag) {
        [self] outcome in tried(link, message, outcome)
      }
    } catch {
      // The connection has just ended: a server that does so each time must not be asked for ever.
      link.fails(.unserved)
      link.takesBack()
      active -= 1
      queue.putBack([message])
      leave(link)
      return
    }
    rate.take(1, now: now)
    recipientRate.take(message.recipientCount, now: now)
    if link.isUsedUp(settings) { leave(link) }
  }
}

/// The credentials of a pool: a token that one connection gets serves the others.
final class PoolLogin {
  var identity: Identity

  init(_ identity: Identity) { self.identity = identity }
}
