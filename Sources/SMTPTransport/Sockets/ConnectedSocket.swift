import CSystem

/// An open, connected, non-blocking socket and its two ends. Closes itself.
package final class ConnectedSocket {
  package private(set) var descriptor: Int32
  package let remote: SocketAddress
  package let local: SocketAddress

  /// Takes over the descriptor.
  init(_ descriptor: Int32, remote: SocketAddress) {
    self.descriptor = descriptor
    self.remote = remote
    local =
      unsafe SocketAddress(filledBy: { unsafe getsockname(descriptor, $0, $1) })
      ?? SocketAddress.unspecified
  }

  /// A duplicate of a socket that the caller has connected; nil with errno set
  /// when it is not connected, or not a stream socket.
  package convenience init?(duplicating given: Int32) {
    guard
      let remote = unsafe SocketAddress(filledBy: { unsafe getpeername(given, $0, $1) }),
      let descriptor = System.adoptedSocket(given)
    else { return nil }
    self.init(descriptor, remote: remote)
  }

  deinit { close() }

  package func close() {
    System.close(descriptor)
    descriptor = -1
  }
}
