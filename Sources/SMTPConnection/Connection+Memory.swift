package import SMTPProtocol
import SMTPTransport

/// A connection without a socket: the caller moves the octets and says what time it is, in
/// milliseconds of any clock.
///
/// The turns are those of every connection. They run in the calls here, with all of their callbacks.
extension Connection {
  /// The options of such a connection are not valid for another.
  package convenience init(withoutSocket options: Options) {
    self.init(options: options, loop: .withoutSystem())
  }

  /// Returns how many were read. What comes after the end of the connection is read and forgotten.
  package func feed(_ octets: Span<UInt8>, at time: UInt64) throws(Failure) -> Int {
    let pipe = try openPipe()
    if case .none = driver.link {
      throw Failure(.state, "nothing can be received before connect: call connect first")
    }
    let count = pipe.feed(octets) { turn(pipe, .readable, time) }
    return isOver ? octets.count : count
  }

  /// The peer has closed (0), or the connection is lost (errno).
  package func finish(_ errno: Int32, at time: UInt64) throws(Failure) {
    let pipe = try openPipe()
    guard MemoryPipe.isEnd(errno) else {
      throw Failure(
        .state,
        "error must be 0 when the peer has closed, or the errno of a connection that is lost, not"
          + " \(errno)")
    }
    if case .none = driver.link {
      throw Failure(.state, "nothing can end before connect: call connect first")
    }
    pipe.finish(errno)
    turn(pipe, .readable, time)
  }

  /// Returns how many octets were written to the front of `room`.
  package func take(into room: inout MutableSpan<UInt8>, at time: UInt64) throws(Failure) -> Int {
    let pipe = try openPipe()
    return pipe.take(into: &room) { turn(pipe, [.readable, .writable], time) }
  }

  package func tick(at time: UInt64) throws(Failure) {
    let pipe = try openPipe()
    turn(pipe, [], time)
  }

  /// Whether `take` has something to do.
  package var wantsTake: Bool {
    guard let pipe, !loop.isForeignProcess else { return false }
    return pipe.hasOutput || loop.hasReadyTasks
  }

  /// When there is something to do even if nothing is received or sent before. nil: never.
  package var deadline: UInt64? {
    guard pipe != nil else { return nil }
    if loop.hasReadyTasks { return UInt64(clamping: loop.now) }
    return driver.deadline.map { UInt64(clamping: $0) }
  }

  var isOver: Bool {
    if case .over = driver.link { true } else { false }
  }

  private func openPipe() throws(Failure) -> MemoryPipe {
    guard let pipe else {
      throw Failure(.state, "the connection has a socket, and its loop moves the octets")
    }
    if loop.isDispatching {
      throw Failure(.state, "feed, take and tick cannot be called from inside a callback")
    }
    try callbacks.check()
    return pipe
  }

  /// Far enough from the last one for every limit, and for sums of a great many times.
  private static var latest: UInt64 { UInt64(Int64.max >> 16) }

  private func turn(_ pipe: MemoryPipe, _ readiness: Readiness, _ time: UInt64) {
    _ = loop.turn(at: Int64(min(time, Self.latest))) { pipe.deliver(readiness) }
  }
}
