import CSystem
package import SMTPProtocol

/// Finds the addresses of a host. The system's resolver blocks, so it runs on
/// its own thread; numeric addresses need none.
package final class Resolver {
  private let loop: EventLoop
  private var completion: ((Result<[SocketAddress], Failure>) -> Void)?
  private var request: ResolverRequest.Handle?
  private var watch: Watch?
  private var deadline: LoopTimer?
  private var delivery: LoopTask?
  /// Every thread was busy; set until it is this name's turn.
  private var wait: LoopTimer?

  package init(loop: EventLoop) { self.loop = loop }

  deinit { cancel() }

  /// Resolves. `completion` is called once, never inside this call.
  package func resolve(
    host: [UInt8], port: UInt16, family: AddressFamily = .any, deadline limit: Int64,
    completion: @escaping (Result<[SocketAddress], Failure>) -> Void
  ) {
    cancel()
    self.completion = completion
    if let address = SocketAddress(numeric: host, port: port) {
      return deliverLater(.success([address]))
    }
    let name = Bytes.printable(host) + family.note
    guard !host.isEmpty, !host.contains(0) else {
      return deliverLater(
        .failure(Resolver.failure("\"\(name)\" is not a host name", retry: .no)))
    }
    deadline = LoopTimer(loop) { [self] in
      let reason: ErrorText =
        request == nil ? " (\(ResolverThreads.limit) other names are being resolved)" : ""
      finish(
        .failure(
          Resolver.failure(
            "resolving \(name) took longer than dns_timeout\(reason)", code: .timedOut,
            retry: .safe)))
    }
    deadline?.set(limit)
    ask(host, port, family, name)
  }

  /// Starts a thread, or waits until one may be started.
  private func ask(
    _ host: [UInt8], _ port: UInt16, _ family: AddressFamily, _ name: ErrorText
  ) {
    guard ResolverThreads.enter() else {
      if wait == nil { wait = LoopTimer(loop) { [self] in ask(host, port, family, name) } }
      wait?.set(Clock.now() + ResolverThreads.patience)
      return
    }
    do throws(Errno) {
      let request = try ResolverRequest.Handle(host: host, port: port, family: family.number)
      self.request = request
      watch = Watch(loop: loop, descriptor: request.notice, readable: true, writable: false) {
        [self] _ in
        if let answer = request.answer() { finish(Resolver.result(of: answer, name)) }
      }
      guard watch != nil else { throw .current }
    } catch {
      // The thread, if there is one, leaves its place itself.
      if request == nil { ResolverThreads.leave() }
      var failure = Resolver.failure("cannot resolve \(name): \(error.text)", retry: .safe)
      failure.errno = error.code
      deliverLater(.failure(failure))
    }
  }

  /// Stops without calling `completion`; the thread ends by itself.
  package func cancel() {
    release()
    delivery?.cancel()
    delivery = nil
    _ = completion.take()
  }

  private func finish(_ result: Result<[SocketAddress], Failure>) {
    release()
    delivery?.cancel()
    delivery = nil
    if let completion = completion.take() { completion(result) }
  }

  private func deliverLater(_ result: Result<[SocketAddress], Failure>) {
    let task = LoopTask { [self] in finish(result) }
    delivery = task
    loop.schedule(task)
  }

  private func release() {
    deadline?.invalidate()
    deadline = nil
    wait?.invalidate()
    wait = nil
    watch?.cancel()
    watch = nil
    request.take()?.release(isForeignProcess: loop.isForeignProcess)
  }

  // MARK: Errors

  private static func result(
    of answer: ResolverRequest.Handle.Answer, _ name: ErrorText
  ) -> Result<[SocketAddress], Failure> {
    switch answer {
    case .addresses(let addresses):
      guard addresses.isEmpty else { return .success(addresses) }
      return .failure(failure("\(name) has no address", retry: .no))
    case .error(let code, let errno):
      let isSystem = code == EAI_SYSTEM
      let reason = isSystem ? Errno(code: errno).text : text(of: code)
      var failure = failure("cannot resolve \(name): \(reason)", retry: retry(after: code))
      if code == EAI_FAIL { failure.kind = .dnsFailed }
      if isSystem { failure.errno = errno }
      return .failure(failure)
    }
  }

  /// Whether a later attempt may have another result. A temporary failure of this machine
  /// (memory, descriptors, a name server that does not answer) is not about the name; every
  /// other code of RFC 3493 section 6.1 is, or about the way of asking.
  static func retry(after code: Int32) -> Retry {
    switch code {
    case EAI_AGAIN, EAI_MEMORY, EAI_SYSTEM: .safe
    default: .no
    }
  }

  private static func text(of code: Int32) -> String {
    guard let text = unsafe gai_strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
  }

  private static func failure(
    _ message: ErrorText, code: ErrorCode = .dns, retry: Retry
  ) -> Failure {
    Failure(
      code, message, command: "CONN", phase: .dns, retry: retry,
      kind: code == .timedOut ? .timeoutDNS : retry == .no ? .dnsNotFound : .dnsFailed)
  }
}

extension AddressFamily {
  /// Beside a name that has no address, perhaps of this family only.
  fileprivate var note: ErrorText {
    switch self {
    case .any: ""
    case .ipv4: " (IPv4 only)"
    case .ipv6: " (IPv6 only)"
    }
  }
}
