import CSystem
import SMTPProtocol

/// Content from a file, pipe or socket.
///
/// The descriptor shares its open file description with the caller's, so
/// O_NONBLOCK stays as it is; instead every read is preceded by a poll that does
/// not wait. Regular files always pass it.
package final class DescriptorReader: BlockReader {
  package private(set) var errno: Int32 = 0
  private var descriptor: Int32
  private var loop: EventLoop?
  private var onReady: (() -> Void)?
  private var watch: Watch?
  private var isPaused = false

  /// Keeps a duplicate; nil, with errno set, when the system provides none, or when the
  /// descriptor can never be read: the send would wait for ever.
  package init?(duplicating descriptor: Int32) {
    let reason = csystem_unreadable(descriptor)
    // Set in any case: an object that fails before it is complete is never freed in the
    // Embedded mode.
    self.descriptor = reason == 0 ? csystem_duplicate(descriptor) : -1
    if reason != 0 { csystem_set_errno(reason) }
    guard self.descriptor >= 0 else { return nil }
  }

  deinit { close() }

  package func fill(_ room: inout [UInt8]) -> BlockOutcome {
    do throws(Errno) {
      guard try isReadable() else { return try pause() }
      let descriptor = descriptor
      let count = try unsafe room.withUnsafeMutableBufferPointer { room throws(Errno) -> Int in
        let (base, count) = (room.baseAddress, room.count)
        return try System.retrying { unsafe CSystem.read(descriptor, base, count) }
      }
      return count > 0 ? .octets(count) : .end
    } catch {
      // Possible when the caller made the file non-blocking and somebody else
      // read from it.
      if error.code == EAGAIN, (try? pause()) != nil { return .pause }
      errno = error.code
      return .failed("\(error.text)")
    }
  }

  /// Line ends that become CRLF can only add to it.
  package var leastSize: UInt64? {
    let rest = csystem_regular_file_rest(descriptor)
    return rest < 0 ? nil : UInt64(rest)
  }

  private func isReadable() throws(Errno) -> Bool {
    guard descriptor >= 0 else { throw Errno(code: EBADF) }
    return try System.retrying { csystem_poll_readable(descriptor) } > 0
  }

  // MARK: Waiting

  package func start(loop: EventLoop, onReady: @escaping () -> Void) {
    self.loop = loop
    self.onReady = onReady
    if isPaused { _ = try? pause() }
  }

  package func stop() {
    watch?.cancel()
    watch = nil
    loop = nil
    isPaused = false
    _ = onReady.take()
  }

  private func pause() throws(Errno) -> BlockOutcome {
    isPaused = true
    // Without a system to watch it the caller says when there is something, as for a reader.
    guard watch == nil, let loop, loop.hasSystem else { return .pause }
    // The watch lasts until the first event: one that stays would report the
    // same over and over while the connection is busy otherwise.
    watch = Watch(loop: loop, descriptor: descriptor, readable: true, writable: false) {
      [self] _ in resume()
    }
    if watch == nil { throw .current }
    return .pause
  }

  private func resume() {
    watch?.cancel()
    watch = nil
    isPaused = false
    if let onReady { onReady() }
  }

  package func close() {
    stop()
    System.close(descriptor)
    descriptor = -1
  }
}
