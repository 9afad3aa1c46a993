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
    local = SocketAddress.ofSocket(descriptor) ?? SocketAddress.unspecified
  }

  /// Takes over a socket that the caller has connected; nil when it is not.
  package static func taking(_ given: GivenSocket) -> ConnectedSocket? {
    let descriptor = given.take()
    let remote = unsafe SocketAddress(filledBy: { unsafe getpeername(descriptor, $0, $1) })
    guard let remote else {
      System.close(descriptor)
      return nil
    }
    // Harmless where there is no TCP. Keep-alive stays as the caller wants it.
    System.sendAtOnce(descriptor)
    return ConnectedSocket(descriptor, remote: remote)
  }

  deinit { close() }

  package func close() {
    System.close(descriptor)
    descriptor = -1
  }
}
