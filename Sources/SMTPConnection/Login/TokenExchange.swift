import SMTPProtocol
import SMTPTransport

/// Asks a token endpoint: one HTTP request over a connection of its own, with the
/// certificate verified, within one time limit, and without following redirects.
final class TokenExchange {
  /// Milliseconds for everything.
  static let standardLimit: Int64 = 60_000

  private let loop: EventLoop
  private let request: TokenRequest
  private let configuration: TLSConfiguration
  private let limit: Int64
  private var completion: ((Result<HTTPResponse, Failure>) -> Void)?
  private var resolver: Resolver?
  private var connector: Connector?
  private var channel: Channel?
  private var timer: LoopTimer?
  private var isSecuring = false
  private var output: Secret?
  private var sent = 0
  private var buffer = [UInt8](repeating: 0, count: 8192)
  private let response: HTTPResponse
  private let cryptography: any Cryptography

  init(
    _ loop: EventLoop, _ request: TokenRequest, trusting configuration: TLSConfiguration,
    _ cryptography: any Cryptography, limit: Int64 = standardLimit
  ) {
    self.loop = loop
    self.request = request
    self.limit = limit
    self.cryptography = cryptography
    response = HTTPResponse(cryptography)
    // Secrets are sent there, so the endpoint must be verified.
    self.configuration = TLSConfiguration(
      authorities: configuration.authorities, caDirectory: configuration.caDirectory)
  }

  /// `completion` is called once, never inside this call.
  func start(_ completion: @escaping (Result<HTTPResponse, Failure>) -> Void) {
    self.completion = completion
    let deadline = Clock.now() + limit
    timer = LoopTimer(loop) { [self] in
      end(.failure(failure("did not answer within \(limit) ms", retry: .safe)))
    }
    timer?.set(deadline)
    let resolver = Resolver(loop: loop)
    self.resolver = resolver
    let port = UInt16(truncatingIfNeeded: request.url.port)
    resolver.resolve(host: request.url.host, port: port, deadline: deadline) { [self] result in
      switch result {
      case .success(let addresses): connect(addresses, deadline)
      case .failure(let failure): end(.failure(wrapped(failure)))
      }
    }
  }

  func cancel() {
    completion = nil
    stop()
  }

  private func connect(_ addresses: [SocketAddress], _ deadline: Int64) {
    // Without TLS only this machine is allowed. Whether "localhost" is this machine depends on
    // the addresses: the resolver may return any.
    let trusted = request.url.isSecure ? addresses : addresses.filter { $0.isLoopback }
    guard !trusted.isEmpty else {
      end(
        .failure(
          failure("uses http, which is for loopback addresses only: use https", retry: .no)))
      return
    }
    let connector = Connector(loop: loop, addresses: trusted)
    self.connector = connector
    connector.start(deadline: deadline) { [self] result in
      switch result {
      case .success(let socket): open(socket)
      case .failure(let failure): end(.failure(wrapped(failure)))
      }
    }
  }

  private func open(_ socket: ConnectedSocket) {
    guard let channel = Channel(loop: loop, socket: socket, onReady: { [self] in proceed() }) else {
      end(.failure(failure("cannot be watched", retry: .safe)))
      return
    }
    self.channel = channel
    output = request.octets
    if request.url.isSecure {
      do throws(Failure) {
        let context = try TLSContext.make(configuration).get()
        let refusal = channel.beginTLS(
          context, serverName: request.url.host, isUpgrade: false)
        if let refusal { throw refusal }
      } catch {
        end(.failure(wrapped(error)))
        return
      }
      isSecuring = true
    }
    proceed()
  }

  private func proceed() {
    guard let channel else { return }
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
    wrapped.tlsReason = cause.tlsReason
    wrapped.addresses = cause.addresses
    return wrapped
  }

  private func stop() {
    resolver?.cancel()
    resolver = nil
    connector?.cancel()
    connector = nil
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
