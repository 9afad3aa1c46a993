import CSystem
package import SMTPProtocol

/// Connects to the addresses of a host in parallel (RFC 8305): families alternate,
/// the next attempt starts a little after the last one or as soon as one fails, and
/// the first that connects is used.
package final class Connector {
  /// Of every run.
  package private(set) var failures: AddressFailures

  private let loop: EventLoop
  /// In front of the failures of all addresses.
  private let headline: ErrorText
  private let settings: SocketSettings
  /// A socket of the caller: it can connect to one address only.
  private let givenSocket: GivenSocket?
  private var untried: [SocketAddress]
  private var running: [ConnectionAttempt] = []
  private var lastFailure = Connector.failure(
    .socket, "there is no address to connect to", retry: .no)
  private var completion: ((Result<ConnectedSocket, Failure>) -> Void)?
  private var isStarting = false

  private var stagger: LoopTimer?
  private var deadline: LoopTimer?
  private var delivery: LoopTask?

  /// RFC 8305 section 5, the recommended Connection Attempt Delay.
  private static let attemptDelay: Int64 = 250

  package init(
    loop: EventLoop, addresses: [SocketAddress], settings: SocketSettings = SocketSettings(),
    givenSocket: GivenSocket? = nil, failures: AddressFailures = AddressFailures(),
    headline: ErrorText = "cannot connect to "
  ) {
    self.loop = loop
    self.failures = failures
    self.headline = headline
    self.settings = settings
    self.givenSocket = givenSocket
    let order = Connector.interleaved(addresses)
    untried = givenSocket.map { Connector.suited($0, order) } ?? order
  }

  /// The first address of the family that a given socket is of.
  private static func suited(_ socket: GivenSocket, _ order: [SocketAddress]) -> [SocketAddress] {
    let family = socket.family
    return Array((order.first { $0.family == family } ?? order.first).map { [$0] } ?? [])
  }

  /// RFC 8305 section 4: families alternate, beginning with the preferred one.
  static func interleaved(_ addresses: [SocketAddress]) -> [SocketAddress] {
    guard let first = addresses.first else { return [] }
    let same = addresses.filter { $0.family == first.family }
    let other = addresses.filter { $0.family != first.family }
    var result: [SocketAddress] = []
    for index in 0..<max(same.count, other.count) {
      if index < same.count { result.append(same[index]) }
      if index < other.count { result.append(other[index]) }
    }
    return result
  }

  /// There are addresses whose attempts have not ended.
  package var hasMore: Bool { !untried.isEmpty }

  /// Connects. Called again, it continues with the addresses that are left, after a
  /// connected one failed. `completion` is called once, never inside this call.
  package func start(
    deadline limit: Int64, completion: @escaping (Result<ConnectedSocket, Failure>) -> Void
  ) {
    cancel()
    self.completion = completion
    stagger = LoopTimer(loop) { [self] in advance() }
    deadline = LoopTimer(loop) { [self] in expire() }
    deadline?.set(limit)
    isStarting = true
    advance()
    isStarting = false
  }

  /// Adds an address that connected and failed later.
  package func remember(_ address: String, _ failure: Failure) {
    failures.add(address, failure)
  }

  /// The failure of all addresses, which ends now with `end`: running attempts are cancelled.
  package func explain(_ end: Failure, _ headline: ErrorText) -> Failure {
    for attempt in running {
      attempt.cancel()
      remember(attempt.address.description, Connector.failure(.timedOut, "no answer"))
    }
    running = []
    return failures.isEmpty ? end : failures.explain(end, headline)
  }

  /// Stops without calling `completion`.
  package func cancel() {
    stop()
    delivery?.cancel()
    delivery = nil
    _ = completion.take()
  }

  // MARK: The race

  /// Starts the next attempt that does not fail at once.
  private func advance() {
    stagger?.clear()
    while !untried.isEmpty {
      let attempt = ConnectionAttempt(untried.removeFirst())
      let outcome = attempt.start(loop: loop, settings, given: givenSocket) {
        [self, attempt] in
        settle(attempt, attempt.finish())
      }
      switch outcome {
      case .inProgress:
        running.append(attempt)
        if hasMore { stagger?.set(Clock.now() + Self.attemptDelay) }
        return
      case .connected(let socket): return finish(.success(socket))
      case .failed(let error): fail(attempt, error)
      case .unbound(let error): fail(attempt, error, isLocal: true)
      }
    }
    if running.isEmpty { finish(.failure(exhausted())) }
  }

  private func settle(_ attempt: ConnectionAttempt, _ outcome: ConnectionAttempt.Outcome) {
    switch outcome {
    case .inProgress: return
    case .connected(let socket):
      running.removeAll { $0 === attempt }
      finish(.success(socket))
    case .failed(let error), .unbound(let error):
      running.removeAll { $0 === attempt }
      fail(attempt, error)
      advance()
    }
  }

  private func fail(_ attempt: ConnectionAttempt, _ error: Errno, isLocal: Bool = false) {
    attempt.cancel()
    let place: ErrorText =
      isLocal ? "local_address \(settings.localAddress?.description ?? ""): " : ""
    var failure = Connector.failure(
      .socket, "\(place)\(error.text)", retry: Connector.retry(after: error.code))
    failure.errno = error.code
    failure.kind = isLocal ? .localAddress : Connector.kind(of: error.code)
    lastFailure = failure
    remember(attempt.address.description, failure)
  }

  /// Whether the same attempt may succeed later. Only an operation that is impossible for a
  /// socket of this kind says no: a missing listener, route or permission, and a shortage of
  /// descriptors, ports or memory may change, and mail that could be tried again must not be
  /// given up.
  static func retry(after code: Int32) -> Retry {
    switch code {
    case EAFNOSUPPORT, EPROTONOSUPPORT, ESOCKTNOSUPPORT, EPROTOTYPE, EINVAL, ENOTSOCK,
      EOPNOTSUPP, ENAMETOOLONG:
      .no
    default: .safe
    }
  }

  private static func kind(of code: Int32) -> FailureKind {
    switch code {
    case ECONNREFUSED, ENOENT: .connectRefused
    case ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN, ETIMEDOUT: .unreachable
    case EADDRNOTAVAIL, EADDRINUSE: .localAddress
    case ECONNRESET, ECONNABORTED, EPIPE: .connectionLost
    default: .none
    }
  }

  private func expire() {
    let text: ErrorText = "connecting took longer than connection_timeout"
    finish(.failure(explain(Connector.failure(.timedOut, text), "\(text): ")))
  }

  private func exhausted() -> Failure {
    explain(lastFailure, headline)
  }

  private static func failure(_ code: ErrorCode, _ text: ErrorText, retry: Retry = .safe) -> Failure
  {
    Failure(
      code, text, command: "CONN", phase: .connect, retry: retry,
      kind: code == .timedOut ? .timeoutConnection : .none)
  }

  // MARK: The end

  /// Attempts that were cancelled because another one connected may be tried again later.
  private func stop() {
    let overtaken = running
    running = []
    for attempt in overtaken { attempt.cancel() }
    untried.insert(contentsOf: overtaken.map { $0.address }, at: 0)
    stagger?.invalidate()
    stagger = nil
    deadline?.invalidate()
    deadline = nil
  }

  private func finish(_ result: Result<ConnectedSocket, Failure>) {
    stop()
    guard isStarting else { return deliver(result) }
    let task = LoopTask { [self] in deliver(result) }
    delivery = task
    loop.schedule(task)
  }

  private func deliver(_ result: Result<ConnectedSocket, Failure>) {
    delivery?.cancel()
    delivery = nil
    if let completion = completion.take() { completion(result) }
  }
}
