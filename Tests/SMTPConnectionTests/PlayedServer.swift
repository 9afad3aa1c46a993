import CSystem
import SMTPProtocol
import Testing

@testable import SMTPConnection
@testable import SMTPTransport

/// A connection whose server is played by the test, over a socket pair.
final class PlayedServer {
  let connection: Connection
  /// Of the sends that have ended, in order: what failed.
  private(set) var ended: [Failure?] = []
  private let server: Int32
  private let loop: EventLoop

  /// `room`: how many octets may wait for a server that does not read.
  init(room: Int32? = nil) throws {
    var ends: [Int32] = [-1, -1]
    try #require(unsafe socketpair(AF_UNIX, csystem_stream_type(), 0, &ends) == 0)
    server = ends[0]
    if var room {
      let size = socklen_t(MemoryLayout<Int32>.size)
      _ = unsafe setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &room, size)
    }
    var options = Options()
    try options.setName(Array("client.test".utf8))
    try options.setConnectedSocket(ends[1])
    System.close(ends[1])
    loop = try #require(EventLoop())
    connection = Connection(options: options, loop: loop)
    try connection.connect { _ in }
  }

  /// Lets go of all: the connection keeps itself until then.
  func end() {
    _ = connection.free()
    System.close(server)
  }

  func say(_ text: String) throws {
    let octets = Array(text.utf8)
    try #require(unsafe CSystem.send(server, octets, octets.count, 0) == octets.count)
  }

  /// Turns the loop until this holds.
  func wait(until condition: () -> Bool) throws {
    let limit = Clock.now() + 20_000
    while !condition() {
      try #require(Clock.now() < limit, "it never came")
      _ = loop.runOnce(timeout: 10)
    }
  }

  /// Says it, and waits until the client has said something that ends like this.
  func say(_ text: String, until answer: String) throws {
    try say(text)
    var heard: [UInt8] = []
    try wait {
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = unsafe recv(server, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      if count > 0 { heard += buffer.prefix(count) }
      return String(decoding: heard, as: UTF8.self).hasSuffix(answer)
    }
  }

  func send(to names: [String]) throws {
    let recipients = try names.map { try Mailbox(Array("\($0)@example.com".utf8)) }
    let request = SendRequest(
      from: recipients[0], recipients: recipients, size: nil, use8BitMIME: nil)
    let content = Array("x\r\n".utf8)
    let source = BytesSource.copy(content.span)
    try connection.send(request, try #require(source)) { [self] outcome in
      ended.append(outcome.failure)
    }
  }
}
