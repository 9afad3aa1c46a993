import SMTPProtocol
import SMTPTransport

/// The way to the server: from a name to a channel that is open and, where that is wanted,
/// secured. It resolves the name, connects to the addresses, makes the TLS context, and does the
/// handshake before the greeting and the one after STARTTLS. When an address fails before its
/// greeting it tries the next one, and with opportunistic_tls the same one without TLS.
final class Opening {
  /// What came of a step. Those that the loop begins come through `onStep`.
  enum Step {
    /// More is to come.
    case pending
    /// A channel on which the greeting is due.
    case open(Channel)
    /// TLS is up after STARTTLS.
    case upgraded(Channel)
    case failed(Failure)
  }

  private enum Stage {
    /// Before `begin`, and after `stop`.
    case idle
    /// A connection of the caller, or a Unix domain socket, is opened in the next turn: no
    /// callback may run inside `connect`.
    case starting
    case resolving(Resolver)
    case connecting(Connector)
    /// The TLS context is made, which may call the caller.
    case preparing(Channel)
    /// A TLS handshake runs.
    case securing(Channel)
    /// The dialogue has the channel.
    case open(Channel)
  }

  /// What is known of the channel.
  private(set) var remoteAddress: String?
  /// The name sent in EHLO.
  private(set) var clientName: [UInt8]?
  private(set) var tls: TLSInfo?

  private let options: SharedOptions
  private let loop: EventLoop
  private let deadlines: Deadlines
  private let trace: Trace
  private let callbacks: CallbackQueue
  private var stage = Stage.idle
  /// Kept until the greeting was accepted: it knows the addresses not tried yet.
  private var connector: Connector?
  private var context: TLSContext?
  /// After a failed handshake under opportunistic_tls.
  private var goesOnInTheClear = false
  private var onStep: ((Step) -> Void)?
  private var onReady: (() -> Void)?

  init(
    _ options: SharedOptions, _ loop: EventLoop, _ deadlines: Deadlines, _ trace: Trace,
    _ callbacks: CallbackQueue
  ) {
    self.options = options
    self.loop = loop
    self.deadlines = deadlines
    self.trace = trace
    self.callbacks = callbacks
  }

  // MARK: What the connection asks

  var phase: Phase {
    switch stage {
    case .idle: .idle
    case .starting, .connecting: .connect
    case .resolving: .dns
    case .preparing, .open: options.values.isSecure ? .greeting : .starttls
    case .securing: options.values.isSecure ? .tls : .starttls
    }
  }

  var waiting: Deadlines.Waiting {
    if case .securing = stage { return .handshake(isReplaceable: connector?.hasMore == true) }
    return .opening
  }

  var tlsPolicy: Session.TLSPolicy {
    if options.values.demandsTLS { return .required }
    if options.values.ignoreTLS || goesOnInTheClear { return .never }
    return options.values.opportunisticTLS ? .opportunistic : .ifOffered
  }

  /// The certificates of the server, while the connection is open.
  var certificateCount: Int { openChannel?.certificateCount ?? 0 }

  func certificate(at index: Int, _ field: TLSCertificateField) -> [UInt8]? {
    openChannel?.certificate(at: index, field)
  }

  private var openChannel: Channel? { if case .open(let channel) = stage { channel } else { nil } }

  /// Whether the dialogue is under TLS.
  var isSecure: Bool {
    guard case .open(let channel) = stage else { return false }
    return channel.isSecure || options.values.isSecured
  }

  /// Whether nobody can read what is said: a password without TLS can be read on the network
  /// (RFC 4954 section 4, RFC 8314 section 3.3), but not on a loopback address. The other end of
  /// a connection of the caller is not known: it may be a proxy.
  var isConfidential: Bool {
    guard case .open(let channel) = stage else { return false }
    return isSecure || (options.values.connectedSocket == nil && channel.remote.isLoopback)
  }

  // MARK: What the connection does

  /// `onStep` is called by the loop, and `onReady` when the channel is ready to read or write.
  /// True when a turn is needed.
  func begin(onStep: @escaping (Step) -> Void, onReady: @escaping () -> Void) -> Bool {
    self.onStep = onStep
    self.onReady = onReady
    if options.values.connectsToHost {
      resolve()
      return false
    }
    stage = .starting
    return true
  }

  /// The next step of what no other part of the loop continues: to be called in every turn.
  func proceed() -> Step {
    if case .starting = stage {
      let step = start()
      // A handshake that began there writes its first message now.
      guard case .securing = stage else { return step }
    }
    if case .securing(let channel) = stage { return shakeHands(channel) }
    return .pending
  }

  /// After the server has agreed to STARTTLS.
  func upgrade(_ channel: Channel) -> Step {
    deadlines.connectingBegan()
    return secure(channel)
  }

  /// The greeting was accepted: no other address is tried after this.
  func greeted() { connector = nil }

  /// Ends what is under way, and closes the channel. Nothing is called back any more.
  func stop(graceful: Bool) {
    close(graceful: graceful)
    stage = .idle
    connector = nil
    (onStep, onReady) = (nil, nil)
  }

  /// Last of all: what the caller gave may be released.
  func forgetContext() { _ = context.take() }

  private func close(graceful: Bool) {
    switch stage {
    case .preparing(let channel), .securing(let channel), .open(let channel):
      channel.close(graceful: graceful)
    case .connecting(let connector): connector.cancel()
    case .resolving(let resolver): resolver.cancel()
    case .idle, .starting: break
    }
  }

  // MARK: Connecting

  /// Starts without a name to resolve.
  private func start() -> Step {
    if let pipe = options.values.pipe { return adopt(pipe) }
    if options.values.connectedSocket != nil { return adopt() }
    guard let path = options.values.socketPath, let address = SocketAddress(path: path) else {
      resolve()
      return .pending
    }
    return connect(to: [address])
  }

  /// Takes over the socket that the caller has connected.
  private func adopt() -> Step {
    deadlines.connectingBegan()
    if let failure = mistakeInTLSOptions() { return .failed(failure) }
    guard case .starting = stage else { return .pending }
    guard let given = options.values.connectedSocket, let socket = ConnectedSocket.taking(given)
    else {
      return .failed(
        Failure(
          .socket, "the given connection is not connected", command: "CONN", phase: .connect))
    }
    return open(socket)
  }

  /// The caller moves the octets.
  private func adopt(_ pipe: MemoryPipe) -> Step {
    // Only now is it known what time it is for the caller.
    deadlines.operationBegan()
    deadlines.connectingBegan()
    if let failure = mistakeInTLSOptions() { return .failed(failure) }
    guard case .starting = stage, let onReady else { return .pending }
    return use(Channel(loop: loop, pipe: pipe, onReady: onReady))
  }

  private func resolve() {
    let resolver = Resolver(loop: loop)
    stage = .resolving(resolver)
    let host = options.values.effectiveHost
    let port = UInt16(truncatingIfNeeded: options.values.effectivePort)
    trace.note(.network, "resolving \(Bytes.printable(host))")
    let limit = deadlines.deadline(of: .dns)
    let family = options.values.addressFamily
    resolver.resolve(host: host, port: port, family: family, deadline: limit) { [self] result in
      deadlines.update()
      deadlines.partEnded(.resolve)
      switch result {
      case .success(let addresses): report(connect(to: addresses))
      case .failure(let failure): report(.failed(failure))
      }
    }
  }

  private func report(_ step: Step) {
    if let onStep { onStep(step) }
  }

  func connect(to addresses: [SocketAddress]) -> Step {
    if let failure = mistakeInTLSOptions() { return .failed(failure) }
    if case .idle = stage { return .pending }
    race(addresses)
    return .pending
  }

  private func race(_ addresses: [SocketAddress]) {
    let connector = Connector(
      loop: loop, addresses: addresses, settings: options.values.socketSettings,
      givenSocket: options.values.socket)
    self.connector = connector
    deadlines.connectingBegan()
    run(connector)
  }

  private func run(_ connector: Connector) {
    stage = .connecting(connector)
    connector.start(deadline: deadlines.deadline(of: .connection)) { [self] result in
      deadlines.update()
      switch result {
      case .success(let socket): report(open(socket))
      case .failure(let failure): report(.failed(failure))
      }
    }
  }

  private func open(_ socket: ConnectedSocket) -> Step {
    guard let onReady, let channel = Channel(loop: loop, socket: socket, onReady: onReady) else {
      return .failed(
        Failure(.socket, "the system cannot watch the socket", command: "CONN", phase: .connect))
    }
    return use(channel)
  }

  private func use(_ channel: Channel) -> Step {
    remoteAddress = channel.address
    clientName = options.values.name ?? ClientName.standard(on: channel)
    deadlines.partEnded(.connect)
    deadlines.channelOpened()
    trace.note(.network, "connected\(channel.address.map { " to \($0)" } ?? "")\(failedBefore)")
    if options.values.isSecure, !options.values.isSecured { return secure(channel) }
    stage = .open(channel)
    return .open(channel)
  }

  /// The addresses that failed, for the log.
  private var failedBefore: ErrorText {
    guard let failures = connector?.failures, !failures.isEmpty else { return "" }
    return " (\(failures.text))"
  }

  // MARK: TLS

  /// A mistake in the TLS options is reported before anything is sent, whatever the server
  /// offers. The system's store costs time and is read when it is needed.
  ///
  /// This runs code of the caller, which may end everything.
  private func mistakeInTLSOptions() -> Failure? {
    guard options.values.tls.isSet, !options.values.ignoreTLS else { return nil }
    do throws(Failure) {
      _ = try makeContext()
      return nil
    } catch {
      return error
    }
  }

  /// One for all addresses, and as a rule for all connections of the same options.
  private func makeContext() throws(Failure) -> TLSContext {
    if let context { return context }
    var configuration = options.values.tls
    if let customize = unsafe configuration.customize {
      // The password callback runs first, and may end everything.
      unsafe configuration.customize = { [self] context in
        if case .idle = stage { true } else { unsafe customize(context) }
      }
    }
    let made = try options.values.tlsMemory.context(for: configuration, now: deadlines.now).get()
    context = made
    return made
  }

  private func secure(_ channel: Channel) -> Step {
    stage = .preparing(channel)
    do throws(Failure) {
      let context = try makeContext()
      guard case .preparing = stage else { return .pending }
      let name = options.values.servername ?? options.values.effectiveHost
      let failure = channel.beginTLS(context, serverName: name, isUpgrade: !options.values.isSecure)
      if let failure { throw failure }
      stage = .securing(channel)
      return .pending
    } catch {
      return .failed(atUpgrade(error))
    }
  }

  private func atUpgrade(_ failure: Failure) -> Failure {
    guard !options.values.isSecure else { return failure }
    var failure = failure
    failure.command = "STARTTLS"
    failure.phase = .starttls
    return failure
  }

  /// Goes on with a handshake.
  private func shakeHands(_ channel: Channel) -> Step {
    let outcome = channel.handshake()
    if let onKey = options.values.tls.onKey {
      for line in channel.takeKeyLines() { callbacks.appendEvent { onKey(line) } }
    }
    switch outcome {
    case .pending: return .pending
    case .failed(let failure): return .failed(atUpgrade(failure))
    case .done(let info):
      tls = info
      let isUpgrade = !options.values.isSecure
      deadlines.partEnded(.tls)
      deadlines.secured(isGreetingDue: !isUpgrade)
      let resumed = info.isResumed ? ", resumed" : ""
      trace.note(.tls, "\(info.version) \(info.cipher)\(resumed)\(trust)")
      stage = .open(channel)
      return isUpgrade ? .upgraded(channel) : .open(channel)
    }
  }

  /// What is not verified, for the log.
  private var trust: ErrorText {
    if options.values.tls.rejectUnauthorized { return "" }
    let isPinned = !options.values.tls.pins.isEmpty
    return isPinned ? ", only the key verified" : ", certificate not verified"
  }

  // MARK: After a failure

  /// Whether something else is tried. Then the dialogue so far is void.
  func triesAgain(after failure: Failure) -> Bool {
    triesWithoutTLS(after: failure) || triesNextAddress(after: failure)
  }

  /// opportunistic_tls: after a handshake that failed, or does not end, the socket cannot be used,
  /// so the same address is connected to again, and STARTTLS is left out.
  private func triesWithoutTLS(after failure: Failure) -> Bool {
    guard options.values.opportunisticTLS, !goesOnInTheClear,
      failure.code == .tls || failure.code == .timedOut, failure.phase == .starttls,
      case .securing(let channel) = stage,
      options.values.socket == nil, options.values.connectedSocket == nil,
      options.values.pipe == nil
    else { return false }
    trace.note(.tls, "\(failure.logged); going on without TLS", level: .warning)
    goesOnInTheClear = true
    let address = channel.remote
    leave()
    race([address])
    return true
  }

  /// Tries another address when the connected one fails before its greeting: it refuses, is
  /// lost, or sends nothing.
  private func triesNextAddress(after failure: Failure) -> Bool {
    guard let connector, connector.hasMore, isAboutThisAddress(failure) else { return false }
    switch stage {
    case .open(let channel), .preparing(let channel):
      connector.remember(channel.remote, failure)
      deadlines.greetingMissed()
    case .securing(let channel): connector.remember(channel.remote, failure)
    case .idle, .starting, .resolving, .connecting: return false
    }
    trace.note(.network, "\(failure.logged); trying the next address", level: .warning)
    leave()
    run(connector)
    return true
  }

  private func leave() {
    close(graceful: false)
    remoteAddress = nil
    tls = nil
  }

  /// Whether the failure is the server's, and time is left for another one.
  private func isAboutThisAddress(_ failure: Failure) -> Bool {
    switch failure.code {
    case .tls, .protocolViolation, .connection, .socket: true
    case .timedOut: isTimeLeft && !deadlines.isOver(.operation)
    default: false
    }
  }

  /// To connect with: the wait for a greeting uses none of it.
  private var isTimeLeft: Bool {
    switch stage {
    case .open, .preparing: true
    case .idle, .starting, .resolving, .connecting, .securing: !deadlines.isOver(.connection)
    }
  }

  /// Adds the address in use.
  func addressed(_ failure: Failure) -> Failure {
    guard failure.addresses == nil else { return failure }
    var failure = failure
    failure.addresses = remoteAddress
    return failure
  }

  /// Adds what became of every address that was tried, as long as none has greeted.
  func explained(_ failure: Failure) -> Failure {
    guard let connector else { return addressed(failure) }
    switch stage {
    case .open(let channel), .preparing(let channel), .securing(let channel):
      guard !connector.failures.isEmpty else { return addressed(failure) }
      connector.remember(channel.remote, failure)
      return connector.explain(failure, "cannot connect to ")
    case .connecting where failure.addresses == nil:
      // A limit of the connection passed: the Connector explains its own.
      return connector.explain(failure, "\(failure.text): ")
    case .idle, .starting, .resolving, .connecting:
      return failure
    }
  }
}
