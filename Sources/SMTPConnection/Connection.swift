package import SMTPProtocol
package import SMTPTransport

/// One connection, as the C functions and the tests see it: what the caller can ask and start.
/// What happens then is in `Driver`.
package final class Connection {
  package let loop: EventLoop
  package let events: Events
  package var onLog: ((LogRecord) -> Void)? {
    get { driver.trace.onLine }
    set { driver.trace.onLine = newValue }
  }

  let driver: Driver
  /// Where the caller moves the octets; nil with a socket.
  let pipe: MemoryPipe?
  private let options: SharedOptions
  private let cryptography: any Cryptography = OpenSSLCryptography()

  package init(options: Options, loop: EventLoop) {
    self.options = SharedOptions(options)
    self.loop = loop
    pipe = options.pipe
    driver = Driver(self.options, loop, cryptography)
    events = driver.events
  }

  var callbacks: CallbackQueue { driver.callbacks }
  private var session: Session? { driver.dialogue?.session }

  // MARK: Properties

  /// The numbers are those of the header.
  package enum Stage: Int32 {
    case new, connecting, connected, quitting, closed
  }

  package var stage: Stage {
    switch driver.link {
    case .none: .new
    case .over: .closed
    case .opening, .open:
      if driver.operations.isQuitting {
        .quitting
      } else if isOpen {
        .connected
      } else {
        .connecting
      }
    }
  }

  package var isOpen: Bool {
    if case .open = driver.link { return driver.wasReady }
    return false
  }

  package var isSecure: Bool { driver.opening.isSecure }
  package var tls: TLSInfo? { driver.opening.tls }
  package var isResumed: Bool { tls?.isResumed ?? false }
  package var certificateCount: Int { driver.opening.certificateCount }
  package func certificate(at index: Int, _ field: TLSCertificateField) -> [UInt8]? {
    driver.opening.certificate(at: index, field)
  }
  package var timings: Timings { driver.deadlines.timings }
  package var remoteAddress: String? { driver.opening.remoteAddress }
  /// The name sent in EHLO.
  package var clientName: [UInt8]? { driver.opening.clientName }
  package var isAuthenticated: Bool { session?.isAuthenticated ?? false }
  package var capabilities: Capabilities { session?.capabilities ?? .none }
  package var lastReply: Reply? { session?.lastReply }
  /// Operations that have not ended and callbacks that have not run.
  package var pending: Int { callbacks.pending }
  /// Made when it is first asked for: most hosts never do.
  package private(set) lazy var identifier = cryptography.randomBytes(8).map(Bytes.hexadecimal)

  // MARK: Operations

  package func connect(_ completion: @escaping (Failure?) -> Void) throws(Failure) {
    guard case .none = driver.link else {
      throw Failure(.state, "connect was called before; a connection connects once")
    }
    try callbacks.check()
    try options.chooseProxy()
    driver.connect(completion)
  }

  // `tag` is what `withdraw` finds an operation by.

  package func login(
    _ identity: Identity, tag: UInt = 0, _ completion: @escaping (Failure?) -> Void
  ) throws(Failure) {
    try options.values.check(identity)
    let attempt = LoginAttempt(
      identity, options, loop, callbacks, driver.trace, driver.deadlines, cryptography)
    try start(.login(attempt, .init(tag) { failure, _ in completion(failure) }))
  }

  @_optimize(speed)
  package func send(
    _ request: SendRequest, _ source: any ContentSource, tag: UInt = 0,
    _ completion: @escaping (Outcome) -> Void
  ) throws(Failure) {
    try request.check(isLMTP: options.values.lmtp)
    try start(.send(Mailing(request, source, tag: tag, completion)))
  }

  /// A command with one reply.
  package func perform(
    _ request: CommandRequest, tag: UInt = 0, _ completion: @escaping (Failure?, Reply?) -> Void
  ) throws(Failure) {
    try start(.command(request, .init(tag, completion)))
  }

  package func quit(
    tag: UInt = 0, _ completion: @escaping (Failure?) -> Void
  ) throws(Failure) {
    try start(.quit(.init(tag) { failure, _ in completion(failure) }))
  }

  @_optimize(speed)
  private func start(_ operation: Operation) throws(Failure) {
    try checkUsable()
    driver.operations.append(operation)
  }

  /// Whether an operation could be started now.
  package func checkUsable() throws(Failure) {
    try callbacks.check()
    switch driver.link {
    case .none:
      throw Failure(.state, "not connected: call connect first")
    case .over(let failure):
      let reason = failure.map { ": \($0.message)" } ?? ""
      throw Failure(.state, "the connection is over\(reason)")
    case .opening, .open:
      if driver.operations.isQuitting {
        throw Failure(.state, "quit was started; no operation can follow it")
      }
    }
  }

  package func resume() throws(Failure) { try driver.resume() }

  /// Ends the first operation of this tag that waits. False when none does: it has begun.
  package func withdraw(tag: UInt) throws(Failure) -> Bool {
    try callbacks.check()
    return driver.operations.withdraw(tag, .cancelled("withdrawn by the caller before it began"))
  }

  // MARK: The end

  package func close() {
    guard !callbacks.isEnding else { return }
    driver.deadlines.update()
    driver.end("the connection was closed by the caller")
  }

  package func cancel() {
    guard !callbacks.isEnding else { return }
    driver.deadlines.update()
    driver.cancel()
  }

  /// Ends everything at once and releases the loop. Callbacks of pending operations run
  /// inside.
  ///
  /// Returns whether this was the first call: a callback that runs inside may call
  /// it again. A child process runs only release callbacks.
  package func free() -> Bool {
    guard !callbacks.isEnding else { return false }
    events.forget()
    driver.deadlines.update()
    driver.end("the connection was freed")
    callbacks.end()
    driver.deadlines.end()
    onLog = nil
    // Last of all, while the handle is still there for the caller's release functions.
    driver.opening.forgetContext()
    options.release()
    return true
  }
}
