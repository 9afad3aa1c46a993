import COpenSSL
import CSystem

/// The BIO between OpenSSL and what carries its octets. OpenSSL's own socket BIO writes with
/// write(2), which raises SIGPIPE in the host when the peer is gone; `Wire` uses
/// send(MSG_NOSIGNAL).
///
/// The data of the BIO points to a `State` that the session owns.
enum WireBIO {
  struct State {
    let wire: Wire
    /// Why the last transfer failed; 0 after one that did not.
    var error: Int32 = 0
    /// Octets that it took.
    var sent = 0
    /// Octets that may still be read before others get their turn.
    var allowance = Channel.octetsPerTurn
  }

  /// The table of functions, one for each TLSContext: nothing is global.
  static func makeMethod() -> OpaquePointer? {
    // No index of its own: there are few of them in a process, and nobody looks
    // for this BIO by type.
    guard let method = unsafe BIO_meth_new(BIO_TYPE_SOURCE_SINK, "smtpconn wire") else {
      return nil
    }
    _ = unsafe BIO_meth_set_read(method) { bio, buffer, count in
      guard let bio = unsafe bio, let buffer = unsafe buffer, count > 0 else { return 0 }
      return unsafe WireBIO.transfer(bio, retry: BIO_FLAGS_READ) { state throws(Errno) in
        // OpenSSL gets "would block"; the loop calls again in the next turn.
        guard unsafe state.pointee.allowance > 0 else { throw Errno(code: EAGAIN) }
        let room = unsafe min(Int(count), state.pointee.allowance)
        let received = try unsafe state.pointee.wire.receive(buffer, room)
        if received == 0 { unsafe BIO_set_flags(bio, BIO_FLAGS_IN_EOF) }
        unsafe state.pointee.allowance -= received
        return received
      }
    }
    _ = unsafe BIO_meth_set_write(method) { bio, buffer, count in
      guard let bio = unsafe bio, let buffer = unsafe buffer, count > 0 else { return 0 }
      return unsafe WireBIO.transfer(bio, retry: BIO_FLAGS_WRITE) { state throws(Errno) in
        let sent = try unsafe state.pointee.wire.send(buffer, Int(count))
        unsafe state.pointee.sent &+= sent
        return sent
      }
    }
    _ = unsafe BIO_meth_set_ctrl(method) { bio, command, _, _ in
      switch command {
      case BIO_CTRL_FLUSH: return 1
      case BIO_CTRL_EOF: return unsafe BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0
      default: return 0
      }
    }
    return unsafe method
  }

  private static func transfer(
    _ bio: OpaquePointer, retry: Int32,
    _ body: (UnsafeMutablePointer<State>) throws(Errno) -> Int
  ) -> Int32 {
    unsafe BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY)
    guard let state = unsafe BIO_get_data(bio)?.assumingMemoryBound(to: State.self) else {
      return -1
    }
    do throws(Errno) {
      unsafe state.pointee.error = 0
      return Int32(truncatingIfNeeded: try unsafe body(state))
    } catch {
      if error.code == EAGAIN {
        unsafe BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY)
      } else {
        unsafe state.pointee.error = error.code
      }
      return -1
    }
  }

  /// A BIO over `state`; both halves of a session use it.
  static func make(_ method: OpaquePointer, _ state: UnsafeMutablePointer<State>) -> OpaquePointer?
  {
    guard let bio = unsafe BIO_new(method) else { return nil }
    unsafe BIO_set_data(bio, state)
    unsafe BIO_set_init(bio, 1)
    return unsafe bio
  }
}
