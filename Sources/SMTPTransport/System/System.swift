import CSystem

/// An errno value with its text.
struct Errno: Error {
  let code: Int32

  /// What the last system call left behind.
  static var current: Errno { Errno(code: csystem_errno()) }

  var text: String {
    var buffer = [CChar](repeating: 0, count: 128)
    return unsafe buffer.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return "error \(code)" }
      guard let text = unsafe csystem_error_text(code, base, buffer.count) else {
        return "error \(code)"
      }
      return unsafe String(cString: text)
    }
  }
}

/// The one place that reads errno after a call and repeats a call after a signal.
enum System {
  static func retrying<Number: FixedWidthInteger & SignedInteger>(
    _ call: () -> Number
  ) throws(Errno) -> Number {
    while true {
      let result = call()
      if result >= 0 { return result }
      let error = Errno.current
      if error.code != EINTR { throw error }
    }
  }

  /// Linux frees the descriptor whatever close returns, so there is no second try.
  static func close(_ descriptor: Int32) {
    if descriptor >= 0 { _ = CSystem.close(descriptor) }
  }

  /// A non-blocking duplicate of a stream socket that somebody else made; nil with
  /// errno set. The original becomes non-blocking too: they share that.
  static func adoptedSocket(_ given: Int32) -> Int32? {
    var kind: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    guard unsafe getsockopt(given, SOL_SOCKET, SO_TYPE, &kind, &size) == 0 else { return nil }
    guard kind == csystem_stream_type() else {
      csystem_set_errno(EPROTOTYPE)
      return nil
    }
    let descriptor = csystem_duplicate(given)
    guard descriptor >= 0 else { return nil }
    guard csystem_set_nonblocking(descriptor) == 0 else {
      close(descriptor)
      return nil
    }
    return descriptor
  }

  /// Options for a socket with a dialogue of short lines: small writes leave at once,
  /// and a dead peer is detected.
  static func tuneInternetSocket(_ descriptor: Int32) {
    sendAtOnce(descriptor)
    setOption(descriptor, level: SOL_SOCKET, name: SO_KEEPALIVE)
  }

  static func sendAtOnce(_ descriptor: Int32) {
    setOption(descriptor, level: Int32(IPPROTO_TCP), name: TCP_NODELAY)
  }

  /// Reads without ever raising SIGPIPE or blocking.
  static func receive(
    _ descriptor: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int
  ) throws(Errno) -> Int {
    try retrying { unsafe recv(descriptor, buffer, count, 0) }
  }

  static func send(
    _ descriptor: Int32, _ buffer: UnsafeRawPointer, _ count: Int
  ) throws(Errno) -> Int {
    try retrying { unsafe CSystem.send(descriptor, buffer, count, Int32(MSG_NOSIGNAL)) }
  }

  /// False with errno set.
  @discardableResult
  static func setOption(
    _ descriptor: Int32, level: Int32, name: Int32, _ value: Int32 = 1
  ) -> Bool {
    var value = value
    let size = socklen_t(MemoryLayout<Int32>.size)
    return unsafe setsockopt(descriptor, level, name, &value, size) == 0
  }
}
