import Testing

@testable import SMTPProtocol

@Suite struct QueueIdentifierTests {
  @Test(arguments: [
    ("2.0.0 Ok: queued as 4F2A1C0032", "4F2A1C0032"),
    ("Ok: queued as 4F2A", "4F2A"),
    ("2.0.0 OK: QUEUED AS 4F2A", "4F2A"),
    ("2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4F2A", "4F2A"),
    ("OK id=1tEmaY-0001Ab-2C", "1tEmaY-0001Ab-2C"),
    ("OK ID=1tEmaY-0001Ab-2C", "1tEmaY-0001Ab-2C"),
    ("2.0.0 4AM1xQ003 Message accepted for delivery", "4AM1xQ003"),
    ("2.0.0 1e8a9c4f Message accepted for delivery", "1e8a9c4f"),
    // OpenSMTPD writes eight hexadecimal digits: one in forty has no letter, and one in
    // a few thousand no other digit.
    ("2.0.0 12345678 Message accepted for delivery", "12345678"),
    ("2.0.0 dbdecced Message accepted for delivery", "dbdecced"),
  ])
  func `the identifier is found in the wording of known servers`(
    _ line: String, _ identifier: String
  ) {
    #expect(Reply(250, line).queueIdentifier.map { text($0) } == identifier)
  }

  @Test(arguments: [
    "", "OK", "2.0.0 Ok", "Ok: queued", "Ok: queued as", "OK id=", "OK id= x", "Message accepted",
    "Message accepted for delivery", "2.0.0 OK  1700000000 abc-xyz.1 - gsmtp",
    "queued for delivery",
    "2.0.0 Message accepted for delivery", "OK Message accepted for delivery",
    "OK: Message accepted for delivery", "2.0.0 facaded Message accepted for delivery",
  ])
  func `nothing is made up`(_ line: String) {
    #expect(Reply(250, line).queueIdentifier == nil)
  }

  @Test func `the last line counts, and only that of a positive reply`() {
    #expect(Reply(250, "one", "Ok: queued as 4F2A").queueIdentifier == bytes("4F2A"))
    #expect(Reply(250, "Ok: queued as 4F2A", "bye").queueIdentifier == nil)
    #expect(Reply(550, "not queued as 4F2A").queueIdentifier == nil)
    #expect(Reply(354, "queued as 4F2A").queueIdentifier == nil)
    #expect(Reply(code: 250, lines: []).queueIdentifier == nil)
  }
}
