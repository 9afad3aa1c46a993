import CSystem

/// One socket that connects to one address.
final class ConnectionAttempt {
  let address: SocketAddress
  private var descriptor: Int32 = -1
  private var watch: Watch?
  private var retry: LoopTimer?

  /// Milliseconds until a listener whose queue was full is tried again.
  private static let patience: Int64 = 20

  enum Outcome {
    case connected(ConnectedSocket)
    case inProgress
    case failed(Errno)
    /// The local address cannot be used.
    case unbound(Errno)
  }

  init(_ address: SocketAddress) { self.address = address }

  deinit { cancel() }

  /// When the outcome is `inProgress`, `onReady` is called once `finish` can
  /// tell how it ended.
  func start(
    loop: EventLoop, _ settings: SocketSettings, given: GivenSocket?,
    onReady: @escaping () -> Void
  ) -> Outcome {
    descriptor = given?.take() ?? csystem_stream_socket(address.family)
    guard descriptor >= 0 else { return .failed(.current) }
    do throws(Errno) {
      try settings.apply(to: descriptor, isInternet: !address.isLocalSocket)
    } catch {
      return .failed(error)
    }
    if let local = settings.localAddress {
      guard local.family == address.family else { return .unbound(Errno(code: EAFNOSUPPORT)) }
      // The requested port may be in TIME_WAIT after its last connection.
      if local.port != 0 { System.setOption(descriptor, level: SOL_SOCKET, name: SO_REUSEADDR) }
      let result = unsafe local.withPointer { unsafe bind(descriptor, $0, $1) }
      guard result == 0 else { return .unbound(.current) }
    }
    if address.isLocalSocket { retry = LoopTimer(loop, onReady) }
    let outcome = reach()
    guard case .inProgress = outcome, retry?.isSet != true else { return outcome }
    watch = Watch(loop: loop, descriptor: descriptor, readable: false, writable: true) { _ in
      onReady()
    }
    return watch == nil ? .failed(.current) : .inProgress
  }

  private func reach() -> Outcome {
    if unsafe address.withPointer({ unsafe connect(descriptor, $0, $1) }) == 0 {
      return connected()
    }
    let error = Errno.current
    switch error.code {
    case EAGAIN:
      // The queue of a Unix domain listener is full, and there is no event when it is not
      // any more. For an internet socket it means that there is no port left.
      guard let retry else { return .failed(error) }
      retry.set(Clock.now() + Self.patience)
      return .inProgress
    // A connect that a signal interrupted continues like a non-blocking one.
    case EINPROGRESS, EINTR: return .inProgress
    default: return .failed(error)
    }
  }

  func finish() -> Outcome {
    // Nothing is watched: the attempt was only postponed.
    if watch == nil { return reach() }
    var code: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 else {
      return .failed(.current)
    }
    return code == 0 ? connected() : .failed(Errno(code: code))
  }

  private func connected() -> Outcome {
    stopWaiting()
    let socket = ConnectedSocket(descriptor, remote: address)
    descriptor = -1
    // A socket may connect to itself when there is no listener on a port that the system
    // assigns to clients.
    if socket.local.isEqual(to: address) { return .failed(Errno(code: ECONNREFUSED)) }
    return .connected(socket)
  }

  private func stopWaiting() {
    watch?.cancel()
    watch = nil
    retry?.invalidate()
    retry = nil
  }

  func cancel() {
    stopWaiting()
    System.close(descriptor)
    descriptor = -1
  }
}
