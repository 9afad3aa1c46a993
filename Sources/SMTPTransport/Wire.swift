import CSystem

/// What carries the octets of a channel, under TLS or in the clear. As with a socket, EAGAIN means
/// that nothing can be received or sent now.
enum Wire {
  case socket(Int32)
  case memory(MemoryPipe)

  /// 0 at the end of the stream.
  func receive(_ buffer: UnsafeMutableRawPointer, _ count: Int) throws(Errno) -> Int {
    switch self {
    case .socket(let descriptor): try unsafe System.receive(descriptor, buffer, count)
    case .memory(let pipe): try unsafe pipe.receive(buffer, count)
    }
  }

  func send(_ buffer: UnsafeRawPointer, _ count: Int) throws(Errno) -> Int {
    switch self {
    case .socket(let descriptor): try unsafe System.send(descriptor, buffer, count)
    case .memory(let pipe): try unsafe pipe.send(buffer, count)
    }
  }
}
