import SMTPProtocol
import Testing

@testable import SMTPConnection

/// Replies to commands that are still on their way, because the server does not read.
@Suite struct EarlyReplyTests {
  @Test func `a command that has not left has no reply`() throws {
    let server = try PlayedServer(room: 4_096)
    defer { server.end() }
    let names = (0..<1_000).map { "recipient-\($0)" }
    try server.say("220 hi\r\n", until: "EHLO client.test\r\n")
    try server.send(to: names)
    try server.say("250-test\r\n250 PIPELINING\r\n")
    try server.wait { server.connection.driver.operations.current != nil }
    let session = try #require(server.connection.driver.dialogue).session
    #expect(session.output.count > 0)
    // To MAIL, each RCPT and DATA.
    try server.say(String(repeating: "250 ok\r\n", count: names.count + 1) + "354 go\r\n")
    try server.wait { !server.ended.isEmpty }
    let failure = try #require(server.ended[0])
    #expect(failure.code == .protocolViolation)
    #expect(failure.message.contains("before the command"))
  }
}
