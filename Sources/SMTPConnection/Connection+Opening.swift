package import SMTPProtocol
import SMTPTransport

/// Opening: resolve, connect to the addresses, secure the channel.
extension Connection {
  package func connect(_ completion: @escaping (Failure?) -> Void) throws(Failure) {
    guard case .none = link else {
      throw Failure(.state, "connect was called before; a connection connects once")
    }
    try checkLoop()
    opening = completion
    callbacks.operationBegan()
    deadlines.update()
    deadlines.operationBegan()
    if options.connectedSocket != nil || options.socketPath != nil {
      link = .starting
      callbacks.wake()
    } else {
      resolve()
      // For the first line of the log.
      if trace.isOn { callbacks.wake() }
    }
    setTimer()
  }

  /// Starts without a name to resolve.
  func start() {
    if options.connectedSocket != nil {
      adopt()
    } else if let path = options.socketPath, let address = SocketAddress(path: path) {
      race([address])
    } else {
      resolve()
    }
  }

  /// Takes over the socket that the caller has connected.
  private func adopt() {
    deadlines.connectingBegan()
    guard canUseTLSOptions() else { return }
    guard let given = options.connectedSocket,
      let socket = ConnectedSocket.taking(given)
    else {
      fail(
        Failure(
          .socket, "the given connection is not connected", command: "CONN", phase: .connect))
      return
    }
    open(socket)
  }

  private func resolve() {
    let resolver = Resolver(loop: loop)
    link = .resolving(resolver)
    let host = options.effectiveHost
    let port = UInt16(truncatingIfNeeded: options.effectivePort)
    trace.note(.network, "resolving \(Bytes.printable(host))")
    resolver.resolve(
      host: host, port: port, deadline: deadlines.deadline(of: .dns)
    ) { [self] result in
      deadlines.update()
      switch result {
      case .success(let addresses): race(addresses)
      case .failure(let failure): fail(failure)
      }
      settle()
    }
  }

  private func race(_ addresses: [SocketAddress]) {
    guard canUseTLSOptions() else { return }
    let connector = Connector(
      loop: loop, addresses: addresses, localAddress: localAddress,
      givenSocket: options.socket)
    self.connector = connector
    link = .connecting(connector)
    deadlines.connectingBegan()
    connector.start(deadline: deadlines.deadline(of: .connection)) { [self] result in
      connected(result)
    }
  }

  /// A mistake in the TLS options is reported before anything is sent, whatever the server
  /// offers. The system's store costs time and is read when it is needed.
  ///
  /// This runs code of the caller, which may end everything.
  private func canUseTLSOptions() -> Bool {
    guard options.tls.isSet, !options.ignoreTLS else { return true }
    do throws(Failure) {
      _ = try makeTLSContext()
      if case .over = link { return false }
      return true
    } catch {
      fail(error)
      return false
    }
  }

  private var localAddress: SocketAddress? {
    options.localAddress.flatMap {
      SocketAddress(numeric: $0, port: UInt16(truncatingIfNeeded: options.localPort))
    }
  }

  private func connected(_ result: Result<ConnectedSocket, Failure>) {
    deadlines.update()
    switch result {
    case .success(let socket): open(socket)
    case .failure(let failure): fail(failure)
    }
    settle()
  }

  private func open(_ socket: ConnectedSocket) {
    let channel = Channel(loop: loop, socket: socket) { [self] in turn() }
    guard let channel else {
      fail(Failure(.socket, "the system cannot watch the socket", command: "CONN", phase: .connect))
      return
    }
    remoteAddress = channel.remote.description
    deadlines.channelOpened()
    let name = chooseClientName(channel)
    clientName = name
    session = Session(sessionConfiguration(name), cryptography: cryptography)
    link = .open(channel)
    trace.note(.network, "connected to \(channel.remote.description)\(failedBefore)")
    if case .open = link, options.isSecure, !options.isSecured { secure(channel) }
  }

  /// The addresses that failed, for the log.
  private var failedBefore: ErrorText {
    guard let failures = connector?.failures, !failures.isEmpty else { return "" }
    return " (\(failures.text))"
  }

  private func sessionConfiguration(_ name: [UInt8]) -> Session.Configuration {
    var configuration = Session.Configuration(
      name: name, tlsPolicy: tlsPolicy,
      isSecure: options.isSecure || options.isSecured,
      tracesDialogue: trace.recordsDialogue)
    configuration.isLMTP = options.lmtp
    configuration.chunking = options.chunking
    configuration.ignored = options.ignoredCapabilities.map { Options.keywords($0) } ?? []
    configuration.initialResponse = options.initialResponse
    configuration.renewsHello = options.helloAfterLogin
    // Of TLS that the caller did nothing is known.
    configuration.verifiesPeer = options.tls.rejectUnauthorized && !options.isSecured
    return configuration
  }

  private var tlsPolicy: Session.TLSPolicy {
    if options.requireTLS { return .required }
    if options.ignoreTLS || goesOnInTheClear { return .never }
    return options.opportunisticTLS ? .opportunistic : .ifOffered
  }

  /// RFC 5321 section 4.1.4: the name of this host, or the address of this end of
  /// the connection when it has no meaningful name.
  private func chooseClientName(_ channel: Channel) -> [UInt8] {
    if let name = options.name { return name }
    let literal = channel.local.literal
    let machine = HostName.machineName()
    // Many servers refuse an underscore in EHLO; the option `name` may have one.
    if machine.contains(.dot), !machine.contains(.underscore), Domain.isValid(machine),
      !AddressLiteral.isIPv4(machine)
    {
      return machine
    }
    // A Unix domain socket has no IP address; its peer is this machine.
    return literal.isEmpty ? Bytes.of("[127.0.0.1]") : literal
  }

  // MARK: TLS

  func secure(_ channel: Channel) {
    do throws(Failure) {
      let context = try makeTLSContext()
      if case .over = link { return }
      let name = options.servername ?? options.effectiveHost
      let failure = channel.beginTLS(context, serverName: name, isUpgrade: !options.isSecure)
      if let failure { throw failure }
      link = .securing(channel)
    } catch {
      fail(atUpgrade(error))
    }
  }

  /// One for all addresses, and as a rule for all connections of the same options.
  private func makeTLSContext() throws(Failure) -> TLSContext {
    if let tlsContext { return tlsContext }
    var configuration = options.tls
    if let customize = unsafe configuration.customize {
      // The password callback runs first, and may end everything.
      unsafe configuration.customize = { [self] context in
        if case .over = link { true } else { unsafe customize(context) }
      }
    }
    let context = try options.tlsMemory.context(for: configuration, now: deadlines.now).get()
    tlsContext = context
    return context
  }

  private func atUpgrade(_ failure: Failure) -> Failure {
    guard !options.isSecure else { return failure }
    var failure = failure
    failure.command = "STARTTLS"
    failure.phase = .starttls
    return failure
  }

  /// Goes on with a handshake; true when the channel is ready for the dialogue.
  func shakeHands(_ channel: Channel) -> Bool {
    switch channel.handshake() {
    case .pending:
      return false
    case .failed(let failure):
      fail(atUpgrade(failure))
      return false
    case .done(let info):
      tls = info
      deadlines.secured(isGreetingDue: options.isSecure)
      let verified = options.tls.rejectUnauthorized ? "" : ", certificate not verified"
      let resumed = info.isResumed ? ", resumed" : ""
      trace.note(.tls, "\(info.version) \(info.cipher)\(resumed)\(verified)")
      link = .open(channel)
      if !options.isSecure { session?.secured() }
      return true
    }
  }

  /// opportunistic_tls: a handshake that failed, or does not end, leaves a dead socket behind, so the
  /// same address is connected to again, and STARTTLS is left out.
  func tryWithoutTLS(after failure: Failure) -> Bool {
    guard options.opportunisticTLS, !goesOnInTheClear,
      failure.code == .tls || failure.code == .timedOut, failure.phase == .starttls,
      case .securing(let channel) = link,
      options.socket == nil, options.connectedSocket == nil, !isFreed
    else { return false }
    trace.note(.tls, "\(failure.text); going on without TLS", level: .warning)
    goesOnInTheClear = true
    let address = channel.remote
    closeChannel(graceful: false)
    session = nil
    remoteAddress = nil
    race([address])
    return true
  }

  /// Tries another address when the connected one fails before its greeting: it refuses, is
  /// lost, or sends nothing.
  func tryNextAddress(after failure: Failure) -> Bool {
    guard let connector, connector.hasMore, !isFreed, isAboutThisAddress(failure) else {
      return false
    }
    switch link {
    case .open(let channel):
      connector.remember(channel.remote, failure)
      deadlines.greetingMissed()
    case .securing(let channel): connector.remember(channel.remote, failure)
    case .none, .starting, .resolving, .connecting, .over: return false
    }
    trace.note(.network, "\(failure.text); trying the next address", level: .warning)
    closeChannel(graceful: false)
    session = nil
    remoteAddress = nil
    tls = nil
    link = .connecting(connector)
    connector.start(deadline: deadlines.deadline(of: .connection)) { [self] result in
      connected(result)
    }
    return true
  }

  /// To connect with: the wait for a greeting uses none of it.
  private var isTimeLeft: Bool {
    if case .open = link { return true }
    return !deadlines.isOver(.connection)
  }

  /// Whether the failure is the server's, and time is left for another one.
  private func isAboutThisAddress(_ failure: Failure) -> Bool {
    switch failure.code {
    case .tls, .protocolViolation, .connection, .socket: true
    case .timedOut: isTimeLeft && !deadlines.isOver(.operation)
    default: false
    }
  }
}
