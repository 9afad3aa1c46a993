import SMTPProtocol
import Testing

@testable import SMTPConnection

/// operation_timeout counts for each operation alone. Nothing here waits: an operation is made
/// older, and the next one must not have its age.
@Suite struct OperationTimeTests {
  private let server: PlayedServer

  init() throws {
    server = try PlayedServer()
    try server.say("220 hi\r\n", until: "EHLO client.test\r\n")
  }

  private var begun: Int64 {
    server.connection.driver.deadlines.deadline(of: .operation) - Int64(Limit.operation.standard)
  }

  /// Makes the operation under way a minute old: nothing that happens later begins by then.
  private func age() -> Int64 {
    let deadlines = server.connection.driver.deadlines
    let now = deadlines.now
    deadlines.update(now - 60_000)
    deadlines.operationBegan()
    deadlines.update(now)
    return now
  }

  private func expectBegun(after moment: Int64) { #expect(begun >= moment) }

  @Test func `the time of a send begins when the one before it has ended`() throws {
    defer { server.end() }
    try server.send(to: ["a"])
    try server.send(to: ["b"])
    try server.say("250-test\r\n250 PIPELINING\r\n", until: "DATA\r\n")
    // The second is on its way before the first has its verdict.
    try server.say("250 ok\r\n250 ok\r\n354 go\r\n", until: "DATA\r\n")
    let moment = age()
    try server.say("250 queued\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n", until: ".\r\n")
    #expect(server.ended.count == 1)
    expectBegun(after: moment)
    try server.say("250 queued\r\n")
    try server.wait { server.ended.count == 2 }
    #expect(server.ended.allSatisfy { $0 == nil })
  }

  @Test func `it begins too when the rest of the one before it waits`() throws {
    defer { server.end() }
    try server.send(to: ["a", "b"])
    try server.send(to: ["c"])
    try server.say("250-test\r\n250-PIPELINING\r\n250 LIMITS RCPTMAX=1\r\n", until: "DATA\r\n")
    try server.say("250 ok\r\n250 ok\r\n354 go\r\n", until: "DATA\r\n")
    var moment = age()
    try server.say("250 queued\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n", until: "DATA\r\n")
    #expect(server.ended.isEmpty)
    expectBegun(after: moment)
    // The rest has a time of its own.
    moment = age()
    try server.say("250 queued\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n", until: ".\r\n")
    #expect(server.ended.count == 1)
    expectBegun(after: moment)
  }

  @Test func `it begins when the operation does, and not when it was queued`() throws {
    defer { server.end() }
    try server.connection.perform(.reset()) { _, _ in }
    try server.send(to: ["a"])
    try server.say("250 test\r\n", until: "RSET\r\n")
    let moment = age()
    try server.say("250 ok\r\n", until: "MAIL FROM:<a@example.com>\r\n")
    expectBegun(after: moment)
  }
}
