import CSystem

/// A connection without a socket: the caller hands in what the peer has sent, and takes what is to be
/// sent.
///
/// Nothing is stored on the way. What is handed in is read from where it is, during the call; and what
/// leaves is written to where the caller wants it, during the call that takes it. So octets count as
/// sent when the caller has them, and a peer that sends without end, or reads nothing, costs no
/// memory. An exception is `hold`.
@safe package final class MemoryPipe {
  /// What is not read yet of what is being handed in.
  private var input = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
  /// What is not filled yet of the room of the caller who is taking.
  private var room = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
  /// Written while no room was needed for it: it leaves before anything else.
  private var held: [UInt8] = []
  private var isHolding = false
  /// The peer has closed (0), or the connection is lost (errno).
  private var end: Errno?
  /// Something could not be sent since the caller took the last octets.
  private var isWanted = false
  private var onReady: ((Readiness) -> Void)?

  package init() {}

  // MARK: The side of the caller

  /// Hands in octets and runs `turn`, which reads them, until it reads no more. Returns how many
  /// were read.
  package func feed(_ octets: Span<UInt8>, _ turn: () -> Void) -> Int {
    unsafe octets.withUnsafeBytes { octets in
      unsafe input = unsafe octets
      defer { unsafe input = unsafe UnsafeRawBufferPointer(start: nil, count: 0) }
      var unread = 0
      repeat {
        unread = unsafe input.count
        turn()
      } while unsafe input.count > 0 && input.count < unread
      return unsafe octets.count - input.count
    }
  }

  /// Runs `turn`, which writes into `room`. Returns how much.
  package func take(into room: inout MutableSpan<UInt8>, _ turn: () -> Void) -> Int {
    isWanted = false
    return unsafe room.withUnsafeMutableBytes { all in
      unsafe self.room = unsafe all
      defer { unsafe self.room = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0) }
      giveHeld()
      turn()
      giveHeld()
      return unsafe all.count - self.room.count
    }
  }

  /// There are octets to take, as far as that is known without a turn.
  package var hasOutput: Bool { isWanted || !held.isEmpty }

  /// Whether a connection can end so: no call fails with it that is only to be repeated.
  package static func isEnd(_ errno: Int32) -> Bool {
    errno >= 0 && ![EAGAIN, EINTR, EINPROGRESS, EALREADY].contains(errno)
  }

  /// The peer has closed (0), or the connection is lost (errno). What has not been taken would
  /// reach nobody then.
  package func finish(_ errno: Int32) {
    end = Errno(code: errno)
    isWanted = false
    if errno != 0 { held = [] }
  }

  /// Has the channel read and write.
  package func deliver(_ readiness: Readiness) {
    if let onReady { onReady(readiness) }
  }

  // MARK: The side of the channel

  /// `onReady` is kept until `close`.
  func open(_ onReady: @escaping (Readiness) -> Void) { self.onReady = onReady }

  func close() {
    isWanted = false
    _ = onReady.take()
  }

  /// While this is on, octets are stored until the caller takes them: those of a handshake, of which
  /// there are few, and what leaves at the end of a connection. Nothing depends on when they leave.
  func hold(_ isOn: Bool) { isHolding = isOn }

  /// More than the certificates of a client.
  private static let mostHeld = 262_144

  func receive(_ buffer: UnsafeMutableRawPointer, _ count: Int) throws(Errno) -> Int {
    let count = unsafe min(count, input.count)
    guard count > 0, let start = unsafe input.baseAddress else {
      guard let end else { throw Errno(code: EAGAIN) }
      if end.code == 0 { return 0 }
      throw end
    }
    unsafe buffer.copyMemory(from: start, byteCount: count)
    unsafe input = unsafe UnsafeRawBufferPointer(rebasing: input.dropFirst(count))
    return count
  }

  func send(_ octets: UnsafeRawPointer, _ count: Int) throws(Errno) -> Int {
    if let end, end.code != 0 || !isHolding { throw end.code == 0 ? Errno(code: EPIPE) : end }
    if isHolding, count <= Self.mostHeld - held.count {
      unsafe held.append(contentsOf: UnsafeRawBufferPointer(start: octets, count: count))
      return count
    }
    guard held.isEmpty, unsafe !room.isEmpty else {
      isWanted = true
      throw Errno(code: EAGAIN)
    }
    return unsafe put(octets, count)
  }

  /// Fills the room of the caller.
  private func put(_ octets: UnsafeRawPointer, _ count: Int) -> Int {
    let count = unsafe min(count, room.count)
    guard count > 0, let start = unsafe room.baseAddress else { return 0 }
    unsafe start.copyMemory(from: octets, byteCount: count)
    unsafe room = unsafe UnsafeMutableRawBufferPointer(rebasing: room.dropFirst(count))
    return count
  }

  private func giveHeld() {
    let count = unsafe held.withUnsafeBytes { held in
      guard let start = held.baseAddress else { return 0 }
      return unsafe put(start, held.count)
    }
    held.removeFirst(count)
  }
}
