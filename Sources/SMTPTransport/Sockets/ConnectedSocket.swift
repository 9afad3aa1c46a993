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

  deinit { close() }

  package func close() {
    System.close(descriptor)
    descriptor = -1
  }
}
