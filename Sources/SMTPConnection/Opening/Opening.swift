import SMTPProtocol
import SMTPTransport

/// The way to the server: from a name to a channel that is open and, where that is wanted,
/// secured. `Route` resolves and connects, `Tunnel` gets through a proxy; this makes the TLS
/// context, and does the handshake before the greeting and the one after STARTTLS. When an
/// address fails before its greeting it tries the next one, and with opportunistic_tls the same
/// one without TLS (Opening+Retry).
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

  enum Stage {
    /// Before `begin`, and after `stop`.
    case idle
    /// A connection of the caller, or a Unix domain socket, is opened in the next turn: no
    /// callback may run inside `connect`.
    case starting
    case resolving
    case connecting
    /// A proxy has the channel.
    case tunnelling(Channel, Tunnel)
    /// The TLS context is made, which may call the caller.
    case preparing(Channel)
    /// A TLS handshake runs.
    case securing(Channel)
    /// The dialogue has the channel.
    case open(Channel)
  }

  /// What is known of the channel.
  var remoteAddress: String?
  /// The name sent in EHLO.
  private(set) var clientName: [UInt8]?
  var tls: TLSInfo?

  let options: SharedOptions
  let deadlines: Deadlines
  let trace: Trace
  private let loop: EventLoop
  private let callbacks: CallbackQueue
  var stage = Stage.idle
  private(set) var route: Route?
  private var context: TLSContext?
  /// After a failed handshake under opportunistic_tls.
  var goesOnInTheClear = false
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
    case .tunnelling: .proxy
    case .preparing, .open: options.values.isSecure ? .greeting : .starttls
    case .securing: options.values.isSecure ? .tls : .starttls
    }
  }

  var waiting: Deadlines.Waiting {
    switch stage {
    case .securing: .handshake(isReplaceable: route?.hasMore(.server) == true)
    case .tunnelling: .handshake(isReplaceable: route?.hasMore(.proxy) == true)
    case .idle, .starting, .resolving, .connecting, .preparing, .open: .opening
    }
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
  /// (RFC 4954 section 4, RFC 8314 section 3.3), but not on a loopback address. The server is not
  /// there when a proxy is, and the other end of a connection of the caller may be a proxy.
  var isConfidential: Bool {
    guard case .open(let channel) = stage else { return false }
    return isSecure || (route != nil && route?.proxy == nil && channel.remote.isLoopback)
  }

  // MARK: What the connection does

  /// `onStep` is called by the loop, and `onReady` when the channel is ready to read or write.
  /// True when a turn is needed.
  func begin(onStep: @escaping (Step) -> Void, onReady: @escaping () -> Void) -> Bool {
    self.onStep = onStep
    self.onReady = onReady
    if options.values.connectedSocket == nil, options.values.pipe == nil {
      let values = options.values
      let host = values.effectiveHost
      route = Route(
        loop, to: host, values.effectivePort, through: options.proxies.proxy(for: host),
        values.socketSettings, values.socket)
      if values.socketPath == nil {
        resolve()
        return false
      }
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
    if case .tunnelling(let channel, let tunnel) = stage {
      let step = tunnelled(tunnel.proceed(), channel)
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
  func greeted() { route?.greeted() }

  /// Ends what is under way, and closes the channel. Nothing is called back any more.
  func stop(graceful: Bool) {
    close(graceful: graceful)
    stage = .idle
    route?.greeted()
    (onStep, onReady) = (nil, nil)
  }

  /// Last of all: what the caller gave may be released.
  func forgetContext() { _ = context.take() }

  func close(graceful: Bool) {
    switch stage {
    case .preparing(let channel), .securing(let channel), .open(let channel),
      .tunnelling(let channel, _):
      channel.close(graceful: graceful)
    case .connecting, .resolving: route?.cancel()
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
    deadlines.partBegan()
    deadlines.connectingBegan()
    if let failure = mistakeInTLSOptions() { return .failed(failure) }
    guard case .starting = stage, let onReady else { return .pending }
    return use(Channel(loop: loop, pipe: pipe, onReady: onReady))
  }

  private func resolve() {
    stage = .resolving
    route?.resolve(
      limit: { [self] in deadlines.deadline(of: .dns) },
      note: { [self] in trace.note(.network, $0) }
    ) { [self] failure in
      deadlines.update()
      deadlines.partEnded(.resolve)
      report(failure.map { .failed($0) } ?? connect(to: nil))
    }
  }

  private func report(_ step: Step) {
    if let onStep { onStep(step) }
  }

  /// nil: to those that were resolved.
  func connect(to addresses: [SocketAddress]?) -> Step {
    if let failure = mistakeInTLSOptions() { return .failed(failure) }
    if case .idle = stage { return .pending }
    race(addresses)
    return .pending
  }

  func race(_ addresses: [SocketAddress]?) {
    deadlines.connectingBegan()
    stage = .connecting
    route?.connect(to: addresses, deadline: deadlines.deadline(of: .connection), connected)
  }

  /// With what is left after a failure.
  func goOn() {
    stage = .connecting
    route?.goOn(deadline: deadlines.deadline(of: .connection), connected)
  }

  private func connected(_ result: Result<ConnectedSocket, Failure>) {
    deadlines.update()
    switch result {
    case .success(let socket): report(open(socket))
    case .failure(let failure): report(.failed(failure))
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
    let kind: ErrorText = route?.proxy == nil ? "" : "the proxy "
    let place: ErrorText = channel.address.map { " to \(kind)\($0)" } ?? ""
    trace.note(.network, "connected\(place)\(failedBefore)")
    guard let route, let proxy = route.proxy else { return reached(channel) }
    let tunnel = Tunnel(channel, through: proxy, to: route.target, OpenSSLCryptography())
    stage = .tunnelling(channel, tunnel)
    let values = options.values
    let failure = tunnel.begin(values.proxyMemory, trusting: values.tls, now: deadlines.now)
    return failure.map { .failed($0) } ?? .pending
  }

  private func tunnelled(_ step: Tunnel.Step, _ channel: Channel) -> Step {
    switch step {
    case .pending: return .pending
    case .failed(let failure): return .failed(failure)
    case .open:
      deadlines.partEnded(.proxy)
      deadlines.channelOpened()
      if let target = route?.target.authority {
        trace.note(.network, "the proxy is connected to \(Bytes.printable(target))")
      }
      return reached(channel)
    }
  }

  /// The server is at the other end.
  private func reached(_ channel: Channel) -> Step {
    if options.values.isSecure, !options.values.isSecured { return secure(channel) }
    stage = .open(channel)
    return .open(channel)
  }

  /// The addresses that failed, for the log.
  private var failedBefore: ErrorText {
    guard let failures = route?.connector?.failures, !failures.isEmpty else { return "" }
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
    let made = try options.values.tlsMemory.context(for: configuration, now: Clock.now()).get()
    context = made
    return made
  }

  private func secure(_ channel: Channel) -> Step {
    stage = .preparing(channel)
    do throws(Failure) {
      let context = try makeContext()
      guard case .preparing = stage else { return .pending }
      let name = options.values.servername ?? options.values.effectiveHost
      let failure = channel.beginTLS(
        context, serverName: name, with: options.values.isSecure ? .server : .upgradedServer)
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
}
