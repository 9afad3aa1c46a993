import SMTPProtocol
import Testing

@testable import SMTPConnection
@testable import SMTPTransport

/// What a limit does not count, in a connection; DeadlinesTests has the rules.
@Suite struct UncountedTimeTests {
  /// The callback sets the beginning of its turn back, as if it had taken a minute.
  @Test func `what callbacks take does not count`() throws {
    let taken: Int64 = 60_000
    let loop = try #require(EventLoop())
    let connection = Connection(options: Options(), loop: loop)
    defer { _ = connection.free() }
    let deadlines = connection.deadlines
    let now = Clock.now()
    deadlines.update(now)
    deadlines.channelOpened()
    let before = deadlines.deadline(of: .command)
    connection.callbacks.appendEvent { deadlines.update(now - taken) }
    connection.callBack()
    #expect(deadlines.now >= now)
    #expect(deadlines.deadline(of: .command) >= before + taken)
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
    let deadlines = connection.deadlines
    deadlines.connectingBegan()
    deadlines.channelOpened()
    let before = deadlines.deadline(of: .connection)
    deadlines.update(deadlines.now + waited)
    let silence = Failure(.timedOut, "no greeting", phase: .greeting)
    #expect(connection.tryNextAddress(after: silence))
    #expect(deadlines.deadline(of: .connection) == before + waited)
  }
}
