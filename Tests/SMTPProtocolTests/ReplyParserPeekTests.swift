import Testing

@testable import SMTPProtocol

/// A reply of one line may be inspected before it is taken, which must make no
/// difference.
@Suite struct ReplyParserPeekTests {
  /// As `Parsed(pieces:)`, with looks at what is there, and replies that are known.
  private static func parsed(
    _ pieces: [[UInt8]], _ known: Reply?, _ random: inout FixedRandom
  ) -> Parsed {
    var parser = ReplyParser()
    var parsed = Parsed([], .complete)
    do throws(Failure) {
      for piece in pieces {
        if Bool.random(using: &random) { _ = parser.peek() }
        parser.append(piece.span)
        while true {
          if Bool.random(using: &random), let plain = parser.peek() {
            let reply = parser.reply(of: plain, known: known)
            if reply.code != plain.code { parsed.replies.append("code \(plain.code)") }
            parsed.replies.append(text(reply.text))
            if Bool.random(using: &random) {
              parser.pass(plain)
            } else if try parser.next() != reply {
              parsed.replies.append("another one")
            }
          } else if let reply = try parser.next() {
            parsed.replies.append(text(reply.text))
          } else {
            break
          }
        }
      }
      parsed.end = parser.hasMore ? .incomplete : .complete
    } catch {
      parsed.end = .failure(error.message)
    }
    return parsed
  }

  private static func pieces(_ octets: [UInt8], _ random: inout FixedRandom) -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    var rest = octets[...]
    while !rest.isEmpty {
      let count = Int.random(in: 1...min(rest.count, 40), using: &random)
      pieces.append(Array(rest.prefix(count)))
      rest = rest.dropFirst(count)
    }
    return pieces
  }

  @Test(
    arguments: ReplyParserTests.replies + ReplyParserTests.incomplete + ReplyParserTests.failures)
  func `a look changes nothing`(_ test: ParserCase) {
    var random = FixedRandom(seed: 60)
    let known = [nil, Reply(250, "a"), Reply(250, "ok")]
    for round in 0..<60 {
      let pieces = round < 20 ? [test.input] : Self.pieces(test.input, &random)
      let parsed = Self.parsed(pieces, known[round % 3], &random)
      #expect(parsed == test.parsed, "\(pieces.map { text($0) })")
    }
  }

  private static let parts = [
    "250 ok\r\n", "250 ok\r\n", "250 a somewhat longer text than that\r\n", "354 go\r\n",
    "250-a\r\n250 b\r\n", "250\r\n", "250 \r\n", "250 bare\n", "\r\n", " \r\n", "250 a\rb\r\n",
    "250 caf\u{E9}\r\n", "550 no\r\n", "250 tab\there\r\n",
  ]
  private static let faults = ["x\r\n", "250 a\0b\r\n", "250-a\r\n550 b\r\n", "150 x\r\n"]

  @Test func `nor in any stream`() {
    var random = FixedRandom(seed: 61)
    for round in 0..<1000 {
      var stream = (0..<Int.random(in: 1...30, using: &random)).map { _ in
        Self.parts.randomElement(using: &random)!
      }
      if round % 4 == 0 { stream.append(Self.faults.randomElement(using: &random)!) }
      let octets = stream.flatMap { bytes($0) }
      let wanted = Parsed(pieces: [octets])
      let parsed = Self.parsed(Self.pieces(octets, &random), Reply(250, "ok"), &random)
      if parsed != wanted { Issue.record("\(stream): \(parsed), not \(wanted)") }
    }
  }

  /// As long as a line may be, and one octet more.
  @Test func `the limit of a line holds for both ways`() throws {
    for count in [ReplyParser.lineLimit, ReplyParser.lineLimit + 1] {
      var parser = ReplyParser()
      parser.append(bytes("250 " + String(repeating: "a", count: count - 4) + "\r\n").span)
      #expect((parser.peek() != nil) == (count == ReplyParser.lineLimit))
      #expect((try? parser.next()) != nil || count > ReplyParser.lineLimit)
    }
  }

  private static func address(of reply: Reply) -> UInt {
    unsafe reply.text.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
  }

  @Test func `what says the same is not made again`() throws {
    var parser = ReplyParser()
    parser.append(bytes("250 one\r\n250 two\r\n").span)
    let known = Reply(250, "two")
    let first = parser.peek()
    let one = try #require(first)
    #expect(parser.reply(of: one, known: known) == Reply(250, "one"))
    parser.pass(one)
    let second = parser.peek()
    let reply = parser.reply(of: try #require(second), known: known)
    #expect(Self.address(of: reply) == Self.address(of: known))
  }

  /// Blank lines in front are counted for one reply.
  @Test func `a reply that was passed ends the count of blank lines`() throws {
    var parser = ReplyParser()
    let blanks = String(repeating: "\r\n", count: ReplyParser.blankLineLimit)
    for _ in 0..<3 {
      parser.append(bytes(blanks).span)
      #expect(try parser.next() == nil)
      parser.append(bytes("250 ok\r\n").span)
      let plain = parser.peek()
      parser.pass(try #require(plain))
    }
  }
}
