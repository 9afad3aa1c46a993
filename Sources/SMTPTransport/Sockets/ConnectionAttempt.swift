import CSystem

/// One socket on its way to one address.
final class ConnectionAttempt {
  let address: SocketAddress
  private var descriptor: Int32 = -1
  private var watch: Watch?

  enum Outcome {
    case connected(ConnectedSocket)
    case inProgress
    case failed(Errno)
  }

  init(_ address: SocketAddress) { self.address = address }

  deinit { cancel() }

  /// When the outcome is `inProgress`, `onReady` is called once `finish` can
  /// tell how it ended.
  func start(
    loop: EventLoop, from local: SocketAddress?, given: GivenSocket?, onReady: @escaping () -> Void
  ) -> Outcome {
    descriptor = given?.take() ?? csystem_stream_socket(address.family)
    guard descriptor >= 0 else { return .failed(.current) }
    if !address.isLocalSocket { System.tuneInternetSocket(descriptor) }
    if let local {
      guard local.family == address.family else { return .failed(Errno(code: EAFNOSUPPORT)) }
      // A port that was asked for may still rest from its last connection.
      if local.port != 0 { System.setOption(descriptor, level: SOL_SOCKET, name: SO_REUSEADDR) }
      let result = unsafe local.withPointer { unsafe bind(descriptor, $0, $1) }
      guard result == 0 else { return .failed(.current) }
    }
    if unsafe address.withPointer({ unsafe connect(descriptor, $0, $1) }) == 0 {
      return connected()
    }
    // A connect that a signal interrupted goes on like one that did not block.
    let error = Errno.current
    guard error.code == EINPROGRESS || error.code == EINTR else { return .failed(error) }
    watch = Watch(loop: loop, descriptor: descriptor, readable: false, writable: true) { _ in
      onReady()
    }
    return watch == nil ? .failed(.current) : .inProgress
  }

  func finish() -> Outcome {
    var code: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 else {
      return .failed(.current)
    }
    return code == 0 ? connected() : .failed(Errno(code: code))
  }

  private func connected() -> Outcome {
    watch?.cancel()
    watch = nil
    let socket = ConnectedSocket(descriptor, remote: address)
    descriptor = -1
    // A socket may reach itself when nobody listens on a port that the system
    // hands out to clients.
    if socket.local.isEqual(to: address) { return .failed(Errno(code: ECONNREFUSED)) }
    return .connected(socket)
  }

  func cancel() {
    watch?.cancel()
    watch = nil
    System.close(descriptor)
    descriptor = -1
  }
}
