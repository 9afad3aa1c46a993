import SMTPProtocol
import SMTPTransport

/// From a host name to a connected socket: that of the server, or that of a proxy and what it is
/// asked for. Knows what has failed on the way, and what is left to try.
final class Route {
  let proxy: Proxy?
  private let loop: EventLoop
  private let host: [UInt8]
  private let port: Int
  private let settings: SocketSettings
  private let givenSocket: GivenSocket?
  private var resolver: Resolver?
  /// Kept until the greeting was accepted: it knows the addresses not tried yet.
  private(set) var connector: Connector?
  /// Of the server, or of the proxy.
  private var addresses: [SocketAddress] = []
  /// Of the server, when the proxy does not resolve its name; the first is in use.
  private var targets: [SocketAddress] = []

  init(
    _ loop: EventLoop, to host: [UInt8], _ port: Int, through proxy: Proxy?,
    _ settings: SocketSettings, _ givenSocket: GivenSocket? = nil
  ) {
    self.loop = loop
    self.host = host
    self.port = port
    self.proxy = proxy
    self.settings = settings
    self.givenSocket = givenSocket
  }

  // MARK: Names

  /// Resolves what has to be resolved here: the server unless the proxy does that, and the proxy.
  /// `limit` is asked for each of them.
  func resolve(
    limit: @escaping () -> Int64, note: @escaping (ErrorText) -> Void,
    _ completion: @escaping (Failure?) -> Void
  ) {
    guard let proxy else {
      return lookUp(host, port, limit, note) { [self] in
        addresses = $0
        completion($1)
      }
    }
    let resolveProxy = { [self] in
      lookUp(proxy.host, proxy.port, limit, note) { [self] in
        addresses = $0
        completion($1)
      }
    }
    if proxy.resolves { return resolveProxy() }
    lookUp(host, port, limit, note) { [self] in
      targets = $0
      if let failure = $1 { completion(failure) } else { resolveProxy() }
    }
  }

  private func lookUp(
    _ host: [UInt8], _ port: Int, _ limit: () -> Int64, _ note: (ErrorText) -> Void,
    _ completion: @escaping ([SocketAddress], Failure?) -> Void
  ) {
    note("resolving \(Bytes.printable(host))")
    let resolver = Resolver(loop: loop)
    self.resolver = resolver
    resolver.resolve(
      host: host, port: UInt16(truncatingIfNeeded: port), family: settings.family,
      deadline: limit()
    ) { [self] result in
      self.resolver = nil
      switch result {
      case .success(let addresses): completion(addresses, nil)
      case .failure(let failure): completion([], failure)
      }
    }
  }

  /// Only these addresses may be used.
  func restrict(_ isAllowed: (SocketAddress) -> Bool) -> Bool {
    addresses = addresses.filter(isAllowed)
    return !addresses.isEmpty
  }

  /// What a proxy is to connect to.
  var target: ProxyTarget {
    guard let address = targets.first else {
      let numeric = SocketAddress(numeric: host, port: 0)
      return ProxyTarget(host: host, port: port, octets: numeric?.addressOctets ?? [])
    }
    let octets = address.addressOctets
    return ProxyTarget(host: address.numericHost, port: port, octets: octets)
  }

  // MARK: Sockets

  typealias Completion = (Result<ConnectedSocket, Failure>) -> Void

  /// Connects to the addresses that were resolved, or to these.
  func connect(
    to given: [SocketAddress]? = nil, deadline: Int64, _ completion: @escaping Completion
  ) {
    if let given {
      addresses = given
      targets = Array(targets.prefix(1))
    }
    connector = makeConnector(AddressFailures())
    goOn(deadline: deadline, completion)
  }

  private func makeConnector(_ failures: AddressFailures) -> Connector {
    Connector(
      loop: loop, addresses: addresses, settings: settings, givenSocket: givenSocket,
      failures: failures, headline: headline)
  }

  /// The same with what is left, after `tryNext`.
  func goOn(deadline: Int64, _ completion: @escaping Completion) {
    connector?.start(deadline: deadline, completion: completion)
  }

  // MARK: After a failure

  /// Whether there is another address of the server; of a proxy, when it connects to none.
  func hasMore(_ blame: ProxyBlame) -> Bool {
    guard let connector else { return false }
    return switch blame {
    case .server: proxy == nil ? connector.hasMore : targets.count > 1
    case .proxy: connector.hasMore
    case .request: false
    }
  }

  /// Prepares for the next address, if there is one; `goOn` follows.
  func tryNext(after failure: Failure, _ blame: ProxyBlame, on channel: Channel) -> Bool {
    guard let connector, hasMore(blame) else { return false }
    connector.remember(place(of: channel, blame), failure)
    if blame == .server, proxy != nil {
      // A proxy ends the connection after a refusal (RFC 1928 section 6).
      targets.removeFirst()
      self.connector = makeConnector(connector.failures)
    }
    return true
  }

  /// Adds what became of every address that was tried, as long as none has greeted; nil when
  /// there is no other.
  func explain(_ failure: Failure, _ blame: ProxyBlame, on channel: Channel) -> Failure? {
    guard let connector, !connector.failures.isEmpty else { return nil }
    connector.remember(place(of: channel, blame), failure)
    return connector.explain(failure, headline)
  }

  private var headline: ErrorText {
    if proxy == nil { return "cannot connect to " }
    return targets.isEmpty
      ? "cannot connect to the proxy " : "cannot connect through the proxy to "
  }

  private func place(of channel: Channel, _ blame: ProxyBlame) -> String {
    guard blame != .proxy, let target = targets.first else { return channel.remote.description }
    return target.description
  }

  /// The greeting was accepted: nothing else is tried.
  func greeted() { connector = nil }

  func cancel() {
    resolver?.cancel()
    resolver = nil
    connector?.cancel()
  }
}
