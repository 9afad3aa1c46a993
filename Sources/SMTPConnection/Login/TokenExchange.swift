import SMTPProtocol
import SMTPTransport

/// Asks a token endpoint: one HTTP request over a connection of its own, with the
/// certificate verified, within one time limit, and without following redirects. It goes through
/// the proxy of the connection, if that has one.
final class TokenExchange {
  /// Milliseconds for everything.
  static let standardLimit: Int64 = 60_000

  private let loop: EventLoop
  private let request: TokenRequest
  private let options: SharedOptions
  private let limit: Int64
  private var completion: ((Result<HTTPResponse, Failure>) -> Void)?
  private let route: Route
  private var deadline: Int64 = 0
  private var channel: Channel?
  private var tunnel: Tunnel?
  private var timer: LoopTimer?
  private var isSecuring = false
  private var output: Secret?
  private var sent = 0
  private var buffer = [UInt8](repeating: 0, count: 8192)
  private let response: HTTPResponse
  private let cryptography: any Cryptography

  init(
    _ loop: EventLoop, _ request: TokenRequest, _ options: SharedOptions,
    _ cryptography: any Cryptography, limit: Int64 = standardLimit
  ) {
    self.loop = loop
    self.request = request
    self.limit = limit
    self.cryptography = cryptography
    response = HTTPResponse(cryptography)
    self.options = options
    // Without TLS only this machine is allowed, which no proxy is.
    let isProxied = options.values.proxyTokenEndpoint && request.url.isSecure
    let host = request.url.host
    route = Route(
      loop, to: host, request.url.port,
      through: isProxied ? options.proxies.proxy(for: host) : nil, SocketSettings())
  }

  /// `completion` is called once, never inside this call.
  func start(_ completion: @escaping (Result<HTTPResponse, Failure>) -> Void) {
    self.completion = completion
    deadline = Clock.now() + limit
    timer = LoopTimer(loop) { [self] in
      end(.failure(failure("did not answer within \(limit) ms", retry: .safe)))
    }
    timer?.set(deadline)
    route.resolve(limit: { [self] in deadline }, note: { _ in }) { [self] failure in
      if let failure { end(.failure(wrapped(failure))) } else { connect() }
    }
  }

  func cancel() {
    completion = nil
    stop()
  }

  private func connect() {
    // Whether "localhost" is this machine depends on the addresses: the resolver may return any.
    guard request.url.isSecure || route.restrict({ $0.isLoopback }) else {
      end(
        .failure(
          failure("uses http, which is for loopback addresses only: use https", retry: .no)))
      return
    }
    route.connect(deadline: deadline, connected)
  }

  private func connected(_ result: Result<ConnectedSocket, Failure>) {
    switch result {
    case .success(let socket): open(socket)
    case .failure(let failure): end(.failure(wrapped(failure)))
    }
  }

  private func open(_ socket: ConnectedSocket) {
    guard let channel = Channel(loop: loop, socket: socket, onReady: { [self] in proceed() }) else {
      end(.failure(failure("cannot be watched", retry: .safe)))
      return
    }
    self.channel = channel
    let values = options.values
    if let proxy = route.proxy {
      let tunnel = Tunnel(channel, through: proxy, to: route.target, cryptography)
      self.tunnel = tunnel
      let failure = tunnel.begin(values.proxyMemory, trusting: values.tls, now: Clock.now())
      if let failure { return end(.failure(wrapped(failure))) }
    } else if !secure(channel) {
      return
    }
    proceed()
  }

  /// Begins TLS where the endpoint has it. Secrets are sent there, so it must be verified.
  private func secure(_ channel: Channel) -> Bool {
    output = request.octets
    sent = 0
    guard request.url.isSecure else { return true }
    do throws(Failure) {
      let context = try TLSContext.make(options.values.tls.trustAlone).get()
      let refusal = channel.beginTLS(context, serverName: request.url.host, with: .server)
      if let refusal { throw refusal }
    } catch {
      end(.failure(wrapped(error)))
      return false
    }
    isSecuring = true
    return true
  }

  private func proceed() {
    guard let channel else { return }
    if let tunnel {
      switch tunnel.proceed() {
      case .pending: return
      case .failed(let failure): return tryNext(after: failure, tunnel, channel)
      case .open:
        self.tunnel = nil
        guard secure(channel) else { return }
      }
    }
    if isSecuring {
      switch channel.handshake() {
      case .pending: return
      case .failed(let failure): return end(.failure(wrapped(failure)))
      case .done: isSecuring = false
      }
    }
    write(channel)
    read(channel)
  }

  /// Of the proxy, or of the endpoint through it.
  private func tryNext(after failure: Failure, _ tunnel: Tunnel, _ channel: Channel) {
    guard route.tryNext(after: failure, tunnel.blame, on: channel) else {
      let whole = route.explain(failure, tunnel.blame, on: channel) ?? failure
      return end(.failure(wrapped(whole)))
    }
    channel.close(graceful: false)
    self.channel = nil
    self.tunnel = nil
    route.goOn(deadline: deadline, connected)
  }

  private func write(_ channel: Channel) {
    guard let output else { return }
    while sent < output.bytes.count {
      guard case .bytes(let count) = channel.write(output.bytes, from: sent) else { return }
      sent += count
    }
  }

  private func read(_ channel: Channel) {
    while completion != nil {
      switch channel.read(into: &buffer) {
      case .wouldBlock:
        return
      case .bytes(let count):
        response.append(buffer.prefix(count))
      case .endOfStream:
        response.finish()
      case .failed(let failure):
        return end(.failure(wrapped(failure)))
      }
      if response.isBroken {
        return end(.failure(failure("violates HTTP", retry: .no)))
      }
      if response.isComplete { return end(.success(response)) }
    }
  }

  private func failure(_ text: ErrorText, retry: Retry) -> Failure {
    Failure(
      .oauth2, "the token endpoint \(Bytes.printable(request.url.authority)) \(text)",
      command: "AUTH", phase: .auth, retry: retry)
  }

  private func wrapped(_ cause: Failure) -> Failure {
    var wrapped = failure("cannot be reached: \(cause.message)", retry: cause.retry)
    wrapped.kind = cause.kind
    wrapped.certificateNames = cause.certificateNames
    wrapped.errno = cause.errno
    wrapped.reply = cause.reply
    wrapped.tlsReason = cause.tlsReason
    wrapped.addresses = cause.addresses
    return wrapped
  }

  private func stop() {
    route.cancel()
    tunnel = nil
    channel?.close(graceful: true)
    channel = nil
    timer?.invalidate()
    timer = nil
    output = nil
    cryptography.cleanse(&buffer)
  }

  private func end(_ result: Result<HTTPResponse, Failure>) {
    let completion = completion
    self.completion = nil
    stop()
    completion?(result)
  }
}
