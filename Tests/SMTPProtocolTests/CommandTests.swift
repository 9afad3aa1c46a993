import Testing

@testable import SMTPProtocol

/// Octets become commands in `SessionOutput` and nowhere else.
@Suite struct CommandTests {
  /// What goes out for a line, or nil when it is refused.
  private func command(_ line: [UInt8]) -> [UInt8]? {
    var output = SessionOutput(LogLines().log)
    output.command(bytes("NOOP"))
    output.command(line)
    let lines = bytes("NOOP\r\n")
    let octets = output.bytes.octets
    #expect(octets.starts(with: lines))
    #expect(output.hasRefused == (octets == lines))
    return output.hasRefused ? nil : Array(octets.dropFirst(lines.count))
  }

  private func said(_ write: (inout SessionOutput) -> Void) -> String {
    var output = SessionOutput(nil)
    write(&output)
    #expect(!output.hasRefused)
    return text(output.bytes)
  }

  @Test(arguments: Array(0...0x1F) + [0x7F] as [UInt8])
  func `a line that contains a control character is no command`(_ control: UInt8) {
    #expect(command([control]) == nil)
    #expect(command([control] + bytes("NOOP")) == nil)
    #expect(command(bytes("NO") + [control] + bytes("OP")) == nil)
    #expect(command(bytes("NOOP") + [control]) == nil)
  }

  @Test func `every other octet is allowed`() {
    let others = Array(0x20...0x7E as ClosedRange<UInt8>) + Array(0x80...0xFF)
    #expect(command(others) == others + [0x0D, 0x0A])
    #expect(command([]) == [0x0D, 0x0A])
  }

  @Test func `the log shows the line with its secret masked`() {
    let lines = LogLines()
    var output = SessionOutput(lines.log)
    output.command(bytes("NOOP"))
    output.append(bytes("AUTH PLAIN "))
    output.append(Secret(bytes("c2VjcmV0"), FixedCryptography()))
    output.endCommand()
    output.command(bytes("RSET"))
    #expect(text(output.bytes) == "NOOP\r\nAUTH PLAIN c2VjcmV0\r\nRSET\r\n")
    #expect(lines.texts == ["C: NOOP", "C: AUTH PLAIN ********", "C: RSET"])
  }

  @Test func `commands without argument are fixed`() {
    let commands = [
      Command.data, Command.reset, Command.quit, Command.startTLS, Command.cancelAuthentication,
    ]
    #expect(commands.map { text($0) } == ["DATA", "RSET", "QUIT", "STARTTLS", "*"])
  }

  /// RFC 5321 section 4.1.1.2: no space after the colon.
  @Test func `MAIL has the path in brackets, then its parameters`() throws {
    let mailbox = try Mailbox(bytes("a@b.example"))
    let all = Capabilities(reply: Reply(250, "mx.example", "SIZE", "8BITMIME"))
    let plain = SendRequest(from: mailbox, recipients: [], size: nil, use8BitMIME: nil)
    #expect(said { plain.writeMail(to: &$0, all) } == "MAIL FROM:<a@b.example>\r\n")
    let full = SendRequest(from: mailbox, recipients: [], size: 1, use8BitMIME: true)
    #expect(
      said { full.writeMail(to: &$0, all) } == "MAIL FROM:<a@b.example> BODY=8BITMIME SIZE=1\r\n")
    let null = SendRequest(from: nil, recipients: [], size: 1, use8BitMIME: true)
    #expect(said { null.writeMail(to: &$0, .none) } == "MAIL FROM:<>\r\n")
  }

  @Test func `RCPT has the path in brackets`() throws {
    let recipient = SendRequest.Recipient(try Mailbox(bytes("\"a b\"@b.example")))
    let request = SendRequest(from: nil, recipients: [], size: nil, use8BitMIME: nil)
    #expect(
      said { request.writeRecipient(recipient, to: &$0, .none) }
        == "RCPT TO:<\"a b\"@b.example>\r\n")
  }

  /// Cases 10 to 13 of the original.
  @Test(arguments: ["a\r\nMAIL FROM:<>", "a\n", "a\rb", "a\0", "\r\n\r\n"])
  func `the name of the client cannot start another command`(_ name: String) {
    let configuration = Session.Configuration(
      name: bytes(name), tlsPolicy: .never, isSecure: false)
    let session = Session(configuration, cryptography: FixedCryptography())
    _ = session.receive(bytes("220 hi\r\n").span, now: 0)
    #expect(session.isOver)
    #expect(session.output.isEmpty)
  }
}
