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
    let deadlines = connection.driver.deadlines
    let now = Clock.now()
    deadlines.update(now)
    deadlines.channelOpened()
    let before = deadlines.deadline(of: .command)
    let callbacks = connection.driver.callbacks
    callbacks.appendEvent { deadlines.update(now - taken) }
    callbacks.wake()
    _ = loop.runOnce(timeout: 0)
    #expect(deadlines.now >= now)
    #expect(deadlines.deadline(of: .command) >= before + taken)
  }
}
