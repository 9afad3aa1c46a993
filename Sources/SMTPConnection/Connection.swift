package import SMTPProtocol
package import SMTPTransport

/// One connection: drives a session over a channel, and owns the queue of
/// operations, the time limits and the log.
///
/// Everything happens in `turn`, which the loop calls when the channel is ready
/// or something was started:
///
///     open the channel, or go on with that    Connection+Opening
///     read replies, hand them to the session  Connection+Dialogue
///     start the next operation                Connection+Operations
///     write commands and content              Connection+Dialogue
///     call back                               Connection+Delivery
///     set the timer                           Connection+Limits
///
/// Callbacks and log lines are only queued during the other steps, and what the caller gave
/// is kept until its callback has run: so no callback runs in the middle of a change,
/// release callbacks included, and each may call any function. The three that must return a
/// value at once (read, key password, TLS context) may end the connection; the code that
/// calls them checks that afterwards.
package final class Connection {
  /// The stage of the link to the server.
  enum Link {
    case none
    /// Until the channel is open, and while it is secured after STARTTLS.
    case opening
    case open(Channel)
    case over(Failure?)
  }

  let options: SharedOptions
  package let loop: EventLoop
  package var onConnect: (() -> Void)?
  package var onError: ((Failure) -> Void)?
  package var onEnd: (() -> Void)?
  package var onToken: ((AccessToken) -> Void)?
  package var onLog: ((LogRecord) -> Void)? {
    get { trace.onLine }
    set {
      trace.onLine = newValue
      session?.tracesDialogue = trace.recordsDialogue
    }
  }
  let trace: Trace
  let callbacks: CallbackQueue
  let operations: OperationQueue

  var link = Link.none
  let opening: Opening
  var session: Session?
  var cryptography: any Cryptography = OpenSSLCryptography()
  /// connect has succeeded.
  var wasReady = false
  /// Made when it is first asked for: most hosts never do.
  package private(set) lazy var identifier = cryptography.randomBytes(8).map(Bytes.hexadecimal)

  /// connect is under way.
  var onOpened: ((Failure?) -> Void)?

  let content: ContentPump

  let deadlines: Deadlines
  var isFreed = false

  package init(options: Options, loop: EventLoop) {
    self.options = SharedOptions(options)
    self.loop = loop
    deadlines = Deadlines(options.limits)
    callbacks = CallbackQueue(loop)
    trace = Trace(options, callbacks)
    operations = OperationQueue(callbacks, deadlines)
    content = ContentPump(loop, callbacks, deadlines, trace)
    opening = Opening(self.options, loop, deadlines, trace)
    deadlines.startTimer(on: loop) { [self] in limitPassed() }
    callbacks.onTurn { [self] in turn() }
  }

  // MARK: Properties

  /// The numbers are those of the header.
  package enum Stage: Int32 {
    case new, connecting, connected, quitting, closed
  }

  package var stage: Stage {
    switch link {
    case .none: .new
    case .over: .closed
    case .opening, .open:
      if operations.isQuitting { .quitting } else if isOpen { .connected } else { .connecting }
    }
  }

  package var isOpen: Bool {
    if case .open = link { return wasReady }
    return false
  }

  package var isSecure: Bool {
    if case .open(let channel) = link { return channel.isSecure || options.values.isSecured }
    return false
  }
  package var tls: TLSInfo? { opening.tls }
  package var remoteAddress: String? { opening.remoteAddress }
  /// The name sent in EHLO.
  package var clientName: [UInt8]? { opening.clientName }
  package var isResumed: Bool { tls?.isResumed ?? false }
  package var isAuthenticated: Bool { session?.isAuthenticated ?? false }
  package var capabilities: Capabilities { session?.capabilities ?? .none }
  /// Operations that have not ended and callbacks that have not run.
  package var pending: Int { callbacks.pending }
  package var lastReply: Reply? { session?.lastReply }

  // MARK: The turn

  func turn() {
    deadlines.update()
    settle()
  }

  /// Ends everything at once and releases the loop. Callbacks of pending operations run
  /// inside.
  ///
  /// Returns whether this was the first call: a callback that runs inside may call
  /// it again. A child process runs only release callbacks.
  package func free() -> Bool {
    guard !isFreed else { return false }
    isFreed = true
    callbacks.refuseEvents()
    onConnect = nil
    onError = nil
    onEnd = nil
    onToken = nil
    deadlines.update()
    finish(cancelled("the connection was freed"), isError: false)
    callbacks.end()
    deadlines.end()
    onLog = nil
    // Last of all, while the handle is still there for the caller's release functions.
    opening.forgetContext()
    options.release()
    return true
  }
}
