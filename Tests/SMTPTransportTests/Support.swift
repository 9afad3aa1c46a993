import CSystem
import Glibc
import SMTPProtocol

@testable import SMTPTransport

/// Turns the loop until `condition` holds; false when it does not for long.
func pump(_ loop: EventLoop, until condition: () -> Bool) -> Bool {
  let limit = Clock.now() + 20_000
  while !condition() {
    if Clock.now() > limit { return false }
    _ = loop.runOnce(timeout: 1000)
  }
  return true
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

func isReadable(_ descriptor: Int32) -> Bool { csystem_poll_readable(descriptor) > 0 }

/// A listening socket on a port of 127.0.0.1 that the kernel chose.
final class Listener {
  let descriptor: Int32
  let address: SocketAddress

  init(_ host: String = "127.0.0.1") {
    let local = SocketAddress(numeric: bytes(host), port: 0) ?? .unspecified
    let descriptor = csystem_stream_socket(local.family)
    _ = unsafe local.withPointer { unsafe bind(descriptor, $0, $1) }
    _ = listen(descriptor, 8)
    self.descriptor = descriptor
    address =
      unsafe SocketAddress(filledBy: { unsafe getsockname(descriptor, $0, $1) }) ?? .unspecified
  }

  deinit { close() }

  func close() { System.close(descriptor) }

  /// Waits for a client.
  func accept() -> ConnectedSocket? {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&entry, 1, 20_000) == 1 else { return nil }
    let client = CSystem.accept(descriptor, nil, nil)
    guard client >= 0 else { return nil }
    _ = csystem_set_nonblocking(client)
    return ConnectedSocket(client, remote: .unspecified)
  }

  /// A port without a listener.
  static func refusing() -> SocketAddress {
    let listener = Listener()
    return listener.address
  }
}

/// Connects to `address` and drives the loop until that is done.
func connect(_ loop: EventLoop, to address: SocketAddress) -> ConnectedSocket? {
  var result: Result<ConnectedSocket, Failure>?
  let connector = Connector(loop: loop, addresses: [address])
  connector.start(deadline: Clock.now() + 20_000) { result = $0 }
  _ = pump(loop) { result != nil }
  return try? result?.get()
}

/// A copy of this process, of which nothing but this thread is left: 0 in the child, which
/// must end with `_exit`. nil when there is none. Swift hides the function of this name.
func fork() -> Int32? {
  typealias Fork = @convention(c) () -> Int32
  guard let address = unsafe dlsym(nil, "fork") else { return nil }
  let process = unsafe unsafeBitCast(address, to: Fork.self)()
  return process < 0 ? nil : process
}

/// What a child has ended with; nil when that cannot be had.
func status(of child: Int32) -> Int32? {
  var status: Int32 = -1
  return unsafe waitpid(child, &status, 0) == child ? status : nil
}
