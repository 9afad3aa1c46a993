package import SMTPProtocol
import SMTPTransport

/// The way in: resolve, race the addresses, secure the channel.
extension Connection {
  package func connect(_ completion: @escaping (Failure?) -> Void) throws(Failure) {
    guard case .none = link else {
      throw Failure(.state, "connect was called before; a connection connects once")
    }
    try checkLoop()
    opening = completion
    begin()
    clock.now = Clock.now()
    clock.operation = clock.now
    resolve()
    setTimer()
  }

  private func resolve() {
    let resolver = Resolver(loop: loop)
    link = .resolving(resolver)
    let host = options.effectiveHost
    let port = UInt16(truncatingIfNeeded: options.effectivePort)
    note(.network, "resolving \(Bytes.printable(host))")
    resolver.resolve(
      host: host, port: port, deadline: options.limits.deadline(.dns, from: clock.now)
    ) { [self] result in
      clock.now = Clock.now()
      switch result {
      case .success(let addresses): race(addresses)
      case .failure(let failure): fail(failure)
      }
      settle()
    }
  }

  private func race(_ addresses: [SocketAddress]) {
    // A mistake of the caller is told before anything is sent, whatever the server
    // offers.
    if options.caFile != nil || options.caDirectory != nil, !options.ignoreTLS {
      do throws(Failure) {
        _ = try makeTLSContext()
      } catch {
        fail(error)
        return
      }
    }
    let connector = Connector(loop: loop, addresses: addresses, localAddress: nil)
    self.connector = connector
    link = .connecting(connector)
    clock.connecting = clock.now
    connector.start(deadline: connectionDeadline) { [self] result in connected(result) }
  }

  var connectionDeadline: Int64 { options.limits.deadline(.connection, from: clock.connecting) }

  private func connected(_ result: Result<ConnectedSocket, Failure>) {
    clock.now = Clock.now()
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
    clock.greeting = clock.now
    clock.lastActivity = clock.now
    clock.lastExchange = clock.now
    parser = ReplyParser()
    sent = 0
    writeFailure = nil
    session = Session(
      .init(
        name: clientName(channel), tlsPolicy: tlsPolicy, isSecure: options.isSecure,
        tracesDialogue: options.logsDialogue && onLog != nil),
      cryptography: cryptography)
    link = .open(channel)
    note(.network, "connected to \(channel.remote.description)")
    if case .open = link, options.isSecure { secure(channel) }
  }

  private var tlsPolicy: Session.TLSPolicy {
    options.requireTLS ? .required : options.ignoreTLS ? .never : .ifOffered
  }

  /// RFC 5321 section 4.1.4: the name of this host, or the address of this end of
  /// the connection when it has no meaningful name.
  private func clientName(_ channel: Channel) -> [UInt8] {
    if let name = options.name { return name }
    let machine = HostName.machineName()
    if machine.contains(0x2E), Domain.isValid(machine), !AddressLiteral.isIPv4(machine) {
      return machine
    }
    return channel.local.literal
  }

  // MARK: TLS

  func secure(_ channel: Channel) {
    do throws(Failure) {
      let context = try makeTLSContext()
      let name = options.servername ?? options.effectiveHost
      let failure = channel.beginTLS(context, serverName: name, isUpgrade: !options.isSecure)
      if let failure { throw failure }
      link = .securing(channel)
    } catch {
      fail(atUpgrade(error))
    }
  }

  /// One for all addresses: making it reads the store of trusted certificates.
  private func makeTLSContext() throws(Failure) -> TLSContext {
    if let tlsContext { return tlsContext }
    let configuration = TLSConfiguration(
      caFile: options.caFile, caDirectory: options.caDirectory,
      rejectUnauthorized: options.rejectUnauthorized)
    let context = try TLSContext.make(configuration).get()
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
      clock.lastActivity = clock.now
      let verified = options.rejectUnauthorized ? "" : ", certificate not verified"
      note(.tls, "\(info.version) \(info.cipher)\(verified)")
      link = .open(channel)
      if options.isSecure {
        clock.greeting = clock.now
      } else {
        clock.lastExchange = clock.now
        session?.secured()
      }
      return true
    }
  }

  /// Another address may do better when the winner of the race turns out to be
  /// of no use before it greeted.
  func tryNextAddress(after failure: Failure) -> Bool {
    guard let connector, connector.hasMore, !isFreed,
      failure.code == .tls || failure.code == .protocolViolation || failure.code == .connection
    else { return false }
    note(.network, "\(failure.message); trying the next address", level: .warning)
    if case .open(let channel) = link {
      connector.remember(channel.remote, reason: failure.message)
    } else if case .securing(let channel) = link {
      connector.remember(channel.remote, reason: failure.message)
    }
    closeChannel(graceful: false)
    session = nil
    tls = nil
    link = .connecting(connector)
    connector.start(deadline: connectionDeadline) { [self] result in connected(result) }
    return true
  }
}
