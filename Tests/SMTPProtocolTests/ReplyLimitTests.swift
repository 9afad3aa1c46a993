import Testing

@testable import SMTPProtocol

/// The bounds of ReplyParser, each at its edge.
@Suite struct ReplyLimitTests {
  private static let longLine: Parsed.End = .failure(
    "the server sent a reply line of more than 8192 octets: \"250 "
      + String(repeating: "a", count: 76) + "...\"")

  private static func line(_ count: Int, end: String = "\r\n") -> [UInt8] {
    bytes("250 " + String(repeating: "a", count: count - 4) + end)
  }

  private func expect(
    _ input: [UInt8], _ count: Int, _ end: Parsed.End,
    location: SourceLocation = #_sourceLocation
  ) {
    for (name, pieces) in [
      ("whole", [input[...]]), ("octets", input.indices.map { input[$0...$0] }),
      ("cut in the last line end", [input.dropLast(), input.suffix(1)]),
    ] {
      let parsed = Parsed(pieces: pieces)
      #expect(parsed.replies.count == count, "\(name)", sourceLocation: location)
      #expect(parsed.end == end, "\(name)", sourceLocation: location)
    }
  }

  @Test(arguments: ["\r\n", "\n"])
  func `a line may have as many octets as the limit, however they arrive`(_ end: String) {
    expect(Self.line(ReplyParser.lineLimit, end: end), 1, .complete)
  }

  @Test(arguments: ["\r\n", "\n"])
  func `a line must not have one octet more`(_ end: String) {
    expect(Self.line(ReplyParser.lineLimit + 1, end: end), 0, Self.longLine)
  }

  @Test func `a line without end is refused at the limit`() {
    expect(Self.line(ReplyParser.lineLimit, end: ""), 0, .incomplete)
    expect(Self.line(ReplyParser.lineLimit + 2, end: ""), 0, Self.longLine)
  }

  @Test func `a reply may have as many lines as the limit`() {
    let lines = [UInt8](Array(repeating: bytes("250-\r\n"), count: 511).joined())
    expect(lines + bytes("250 \r\n"), 1, .complete)
  }

  @Test func `a reply must not have one line more`() {
    let lines = [UInt8](Array(repeating: bytes("250-\r\n"), count: 512).joined())
    expect(lines + bytes("250 \r\n"), 0, .failure("the server sent a reply without end: \"250 \""))
  }

  @Test func `multi-line replies without end are given up`() {
    var parser = ReplyParser()
    var lines = 0
    #expect(throws: Failure.self) {
      while lines < 10_000 {
        parser.append(bytes("250-x\r\n")[...])
        _ = try parser.next()
        lines += 1
      }
    }
    #expect(lines == ReplyParser.lineCountLimit)
  }

  /// 16 lines of 4096 octets are just as much as a reply may have.
  @Test func `a reply may have as many octets as the limit, line ends apart`() {
    let line = bytes("250-" + String(repeating: "a", count: 4092) + "\r\n")
    let lines = [UInt8](Array(repeating: line, count: 15).joined())
    expect(lines + Self.line(4096), 1, .complete)
    expect(
      lines + Self.line(4097), 0,
      .failure(
        "the server sent a reply without end: \"250 " + String(repeating: "a", count: 76)
          + "...\""))
  }

  @Test func `few blank lines may stand before a reply, and many are given up`() {
    let blanks = [UInt8](repeating: 0x0A, count: ReplyParser.blankLineLimit)
    expect(blanks + bytes("250 a\r\n"), 1, .complete)
    // Counted anew for each reply.
    expect(blanks + bytes("250 a\r\n") + blanks + bytes("250 b\r\n"), 2, .complete)
    expect(
      blanks + bytes("\n250 a\r\n"), 0,
      .failure("the server sends blank lines instead of a reply"))
  }

  @Test func `the limits are for one reply, not for all`() {
    let reply = [UInt8](Array(repeating: bytes("250-\r\n"), count: 511).joined()) + bytes("250\r\n")
    expect(reply + reply + reply, 3, .complete)
    let long = Self.line(8192)
    expect([UInt8](Array(repeating: long, count: 10).joined()), 10, .complete)
  }

  @Test func `a violation shows the first octets, without control characters`() {
    let parsed = Parsed(pieces: [[0x1B, 0x5B, 0x32, 0x4A, 0xFF, 0x0A]])
    #expect(
      parsed.end
        == .failure("the server sent something that is not an SMTP reply: \"?[2J\u{FFFD}\""))
  }

  @Test func `a violation belongs to the connection and is not worth a retry`() {
    var parser = ReplyParser()
    parser.append(bytes("x\r\n")[...])
    let failure = #expect(throws: Failure.self) { try parser.next() }
    #expect(failure?.line == "protocolViolation, CONN, idle phase, retry no")
  }
}
