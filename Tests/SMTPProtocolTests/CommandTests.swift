import Testing

@testable import SMTPProtocol

@Suite struct CommandTests {
  @Test(arguments: Array(0...0x1F) + [0x7F] as [UInt8])
  func `a line that holds a control character is no command`(_ control: UInt8) {
    #expect(Command([control]) == nil)
    #expect(Command([control] + bytes("NOOP")) == nil)
    #expect(Command(bytes("NO") + [control] + bytes("OP")) == nil)
    #expect(Command(bytes("NOOP") + [control]) == nil)
  }

  @Test func `every other octet is allowed`() {
    let others = Array(0x20...0x7E as ClosedRange<UInt8>) + Array(0x80...0xFF)
    #expect(Command(others)?.line == others)
    #expect(Command([])?.line == [])
  }

  @Test func `the log shows the line unless something else is to be shown`() {
    #expect(Command(bytes("NOOP"))?.shown == bytes("NOOP"))
    let secret = Command(bytes("c2VjcmV0"), shown: Command.mask)
    #expect(secret?.line == bytes("c2VjcmV0"))
    #expect(secret?.shown == bytes("********"))
  }

  @Test func `commands without argument are fixed`() {
    let commands = [
      Command.data, .reset, .quit, .startTLS, .cancelAuthentication,
    ]
    #expect(commands.map { text($0.line) } == ["DATA", "RSET", "QUIT", "STARTTLS", "*"])
    #expect(commands.allSatisfy { $0.line == $0.shown })
  }

  /// RFC 5321 section 4.1.1.2: no space behind the colon.
  @Test func `MAIL has the path in brackets, then its parameters`() throws {
    let mailbox = try Mailbox(bytes("a@b.example"))
    let plain = Command.mail(from: mailbox, parameters: [])
    #expect(plain.map { text($0.line) } == "MAIL FROM:<a@b.example>")
    let full = Command.mail(from: mailbox, parameters: [bytes("SIZE=1"), bytes("BODY=8BITMIME")])
    #expect(full.map { text($0.line) } == "MAIL FROM:<a@b.example> SIZE=1 BODY=8BITMIME")
    #expect(Command.mail(from: nil, parameters: []).map { text($0.line) } == "MAIL FROM:<>")
  }

  @Test func `RCPT has the path in brackets`() throws {
    let mailbox = try Mailbox(bytes("\"a b\"@b.example"))
    #expect(Command.recipient(mailbox).map { text($0.line) } == "RCPT TO:<\"a b\"@b.example>")
  }

  /// Inventory 63.
  @Test func `a parameter cannot start another command`() {
    #expect(Command.mail(from: nil, parameters: [bytes("SIZE=1\r\nRCPT TO:<a@b>")]) == nil)
  }

  /// Inventory 10 to 13.
  @Test func `the name of the client cannot start another command`() {
    #expect(
      Command.hello("EHLO", name: bytes("a.example")).map { text($0.line) } == "EHLO a.example")
    for name in ["a\r\nMAIL FROM:<>", "a\n", "a\rb", "a\0", "\r\n\r\n"] {
      #expect(Command.hello("EHLO", name: bytes(name)) == nil)
    }
  }
}

@Suite struct BytesTests {
  @Test(arguments: [(0, "0"), (9, "9"), (10, "10"), (1_234_567, "1234567")])
  func `numbers are written in decimal`(_ number: Int, _ digits: String) {
    #expect(text(Bytes.decimal(number)) == digits)
  }

  @Test func `the greatest number is written in full`() {
    #expect(text(Bytes.decimal(UInt64.max)) == "18446744073709551615")
    #expect(text(Bytes.decimal(UInt8.max)) == "255")
  }

  @Test func `text for a person has no control characters and no end of its own`() {
    #expect(Bytes.printable(bytes("a\r\n\u{1B}[2J\0\u{7F}b")).text == "a???[2J??b")
    #expect(Bytes.printable(bytes("aé")).text == "aé")
    #expect(Bytes.printable([0x61, 0xFF]).text == "a\u{FFFD}")
    #expect(Bytes.printable(bytes("abcd"), limit: 4).text == "abcd")
    #expect(Bytes.printable(bytes("abcde"), limit: 4).text == "abcd...")
  }
}
