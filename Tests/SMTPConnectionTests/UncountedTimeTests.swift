import SMTPProtocol
import Testing

@testable import SMTPConnection
@testable import SMTPTransport

/// What a limit does not count. Nothing here waits: moments are set back.
@Suite struct UncountedTimeTests {
  /// The callback sets the beginning of its turn back.
  @Test func `what callbacks take is added to each moment that a limit counts from`() throws {
    let taken: Int64 = 60_000
    let loop = try #require(EventLoop())
    let connection = Connection(options: Options(), loop: loop)
    defer { _ = connection.free() }
    let now = Clock.now()
    connection.clock.now = now
    connection.clock.lastActivity = now - 1
    connection.clock.lastExchange = now - 2
    connection.clock.greeting = now - 3
    connection.callbacks.appendEvent { connection.clock.now -= taken }
    connection.callBack()
    #expect(connection.clock.now >= now)
    #expect(connection.clock.lastActivity >= now - 1 + taken)
    #expect(connection.clock.lastExchange >= now - 2 + taken)
    #expect(connection.clock.greeting >= now - 3 + taken)
  }

  @Test func `the wait for a greeting uses none of the time to connect`() throws {
    let waited: Int64 = 60_000
    let server = try PlayedServer()
    defer { server.end() }
    let connection = server.connection
    try server.wait { connection.session != nil }
    let addresses = ["127.0.0.1", "127.0.0.2"].compactMap {
      SocketAddress(numeric: Array($0.utf8), port: 9)
    }
    connection.connector = Connector(loop: connection.loop, addresses: addresses)
    connection.clock.greeting = connection.clock.now - waited
    connection.clock.connecting = connection.clock.greeting - 7
    let before = connection.connectionDeadline
    let silence = Failure(.timedOut, "no greeting", phase: .greeting)
    #expect(connection.tryNextAddress(after: silence))
    #expect(connection.connectionDeadline == before + waited)
  }
}
