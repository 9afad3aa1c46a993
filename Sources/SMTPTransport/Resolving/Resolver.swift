import CSystem
package import SMTPProtocol

/// Finds the addresses of a host. The system's resolver blocks, so it runs on
/// a thread of its own; addresses in figures need none.
package final class Resolver {
  private let loop: EventLoop
  private var completion: ((Result<[SocketAddress], Failure>) -> Void)?
  private var request: ResolverRequest.Handle?
  private var watch: Watch?
  private var deadline: LoopTimer?
  private var delivery: LoopTask?

  package init(loop: EventLoop) { self.loop = loop }

  deinit { cancel() }

  /// Resolves. `completion` is called once, never inside this call.
  package func resolve(
    host: [UInt8], port: UInt16, deadline limit: Int64,
    completion: @escaping (Result<[SocketAddress], Failure>) -> Void
  ) {
    cancel()
    self.completion = completion
    if let address = SocketAddress(numeric: host, port: port) {
      return deliverLater(.success([address]))
    }
    let name = Bytes.printable(host)
    guard !host.isEmpty, !host.contains(0) else {
      return deliverLater(
        .failure(Resolver.failure("\"\(name)\" is not a host name", retry: .no)))
    }
    do throws(Errno) {
      let request = try ResolverRequest.Handle(host: host, port: port)
      self.request = request
      watch = Watch(loop: loop, descriptor: request.notice, readable: true, writable: false) {
        [self] _ in
        if let answer = request.answer() { finish(Resolver.result(of: answer, name)) }
      }
      guard watch != nil else { throw .current }
    } catch {
      var failure = Resolver.failure("cannot resolve \(name): \(error.text)", retry: .safe)
      failure.errno = error.code
      return deliverLater(.failure(failure))
    }
    deadline = LoopTimer(loop) { [self] in
      finish(
        .failure(
          Resolver.failure(
            "resolving \(name) took longer than dns_timeout", code: .timedOut, retry: .safe)))
    }
    deadline?.set(limit)
  }

  /// Stops without a word; the thread ends by itself.
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
    watch?.cancel()
    watch = nil
    request.take()?.release(isForeignProcess: loop.isForeignProcess)
  }

  // MARK: In words

  private static func result(
    of answer: ResolverRequest.Handle.Answer, _ name: Message
  ) -> Result<[SocketAddress], Failure> {
    switch answer {
    case .addresses(let addresses):
      guard addresses.isEmpty else { return .success(addresses) }
      return .failure(failure("\(name) has no address", retry: .no))
    case .error(let code, let errno):
      let isSystem = code == EAI_SYSTEM
      let reason = isSystem ? Errno(code: errno).text : text(of: code)
      var failure = failure(
        "cannot resolve \(name): \(reason)", retry: code == EAI_AGAIN ? .safe : .no)
      if isSystem { failure.errno = errno }
      return .failure(failure)
    }
  }

  private static func text(of code: Int32) -> String {
    guard let text = unsafe gai_strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
  }

  private static func failure(
    _ message: Message, code: ErrorCode = .dns, retry: Retry
  ) -> Failure {
    Failure(code, message, command: "CONN", phase: .dns, retry: retry)
  }
}
