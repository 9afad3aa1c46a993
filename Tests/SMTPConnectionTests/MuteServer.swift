import CSystem
import SMTPProtocol

@testable import SMTPTransport

/// A socket where the system accepts connections, and no program reads.
final class MuteServer {
  private let descriptor: Int32
  let port: Int

  init() {
    let descriptor = csystem_stream_socket(AF_INET)
    let local = SocketAddress(numeric: Bytes.of("127.0.0.1"), port: 0) ?? .unspecified
    _ = unsafe local.withPointer { unsafe bind(descriptor, $0, $1) }
    _ = listen(descriptor, 8)
    self.descriptor = descriptor
    let bound = unsafe SocketAddress(filledBy: { unsafe getsockname(descriptor, $0, $1) })
    port = Int(bound?.port ?? 0)
  }

  deinit { System.close(descriptor) }
}
