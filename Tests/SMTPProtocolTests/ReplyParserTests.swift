import Testing

@testable import SMTPProtocol

/// What a parser made of some octets: the replies in front, and how it ended.
struct Parsed: Equatable, CustomStringConvertible {
  enum End: Equatable {
    /// Nothing is left over.
    case complete
    /// A reply has begun.
    case incomplete
    case failure(String)
  }

  var replies: [String] = []
  var end = End.complete

  var description: String { "\(replies) \(end)" }

  init(_ replies: [String], _ end: End) {
    self.replies = replies
    self.end = end
  }

  init(pieces: some Sequence<some Sequence<UInt8>>) {
    var parser = ReplyParser()
    do throws(Failure) {
      for piece in pieces {
        parser.append(ArraySlice(Array(piece)))
        while let reply = try parser.next() { replies.append(text(reply.text)) }
      }
      end = parser.hasMore ? .incomplete : .complete
    } catch {
      end = .failure(error.message)
    }
  }
}

struct ParserCase: CustomTestStringConvertible {
  let name: String
  let input: [UInt8]
  let parsed: Parsed

  init(_ name: String, _ input: String, _ replies: [String], _ end: Parsed.End = .complete) {
    self.init(name, bytes(input), replies, end)
  }

  init(_ name: String, _ input: [UInt8], _ replies: [String], _ end: Parsed.End = .complete) {
    self.name = name
    self.input = input
    parsed = Parsed(replies, end)
  }

  var testDescription: String { name }
}

/// RFC 5321 section 4.2.
@Suite struct ReplyParserTests {
  static func noReply(_ line: String) -> Parsed.End {
    .failure("the server sent something that is not an SMTP reply: \"\(line)\"")
  }

  static func mixed(_ line: String) -> Parsed.End {
    .failure("the lines of a reply have different codes: \"\(line)\"")
  }

  static let replies: [ParserCase] = [
    .init("one line", "220 mx.example ESMTP\r\n", ["220 mx.example ESMTP"]),
    .init("several lines", "250-a\r\n250-b c\r\n250 d\r\n", ["250-a\n250-b c\n250 d"]),
    .init("code alone", "250\r\n", ["250"]),
    .init("code and space", "250 \r\n", ["250"]),
    .init("code alone ends several lines", "250-a\r\n250\r\n", ["250-a\n250"]),
    .init("empty text between", "250-\r\n250-b\r\n250 c\r\n", ["250-\n250-b\n250 c"]),
    .init("text that looks like a code", "250-550 no\r\n250 250-x\r\n", ["250-550 no\n250 250-x"]),
    .init("bare LF", "250-a\n250 b\n", ["250-a\n250 b"]),
    .init("CR inside the text", "250 a\rb\r\n", ["250 a\rb"]),
    .init("one CR only belongs to the end", "250 a\r\r\n", ["250 a\r"]),
    .init("two replies", "250 a\r\n354 b\r\n", ["250 a", "354 b"]),
    .init("lowest code", "200 a\r\n", ["200 a"]),
    .init("highest code", "599 a\r\n", ["599 a"]),
    .init("second digit 6", "260 a\r\n", ["260 a"]),
    .init("second digit 9", "290-a\r\n290 b\r\n", ["290-a\n290 b"]),
    .init("571", "571 5.7.1 no\r\n", ["571 5.7.1 no"]),
    .init("591", "591 no\r\n", ["591 no"]),
    .init("471", "471 later\r\n", ["471 later"]),
    .init("success, then refusal", "220-a\r\n521 b\r\n", ["220-a\n521 b"]),
    .init("success, then refusal for now", "250-a\r\n421 b\r\n", ["250-a\n421 b"]),
    .init("refusals that differ", "550-a\r\n552-b\r\n554 c\r\n", ["550-a\n552-b\n554 c"]),
    .init(
      "codes are compared within a reply only", "550-a\r\n554 b\r\n250-c\r\n250 d\r\n",
      ["550-a\n554 b", "250-c\n250 d"]),
    .init("not ASCII", [0x32, 0x35, 0x30, 0x20, 0xC3, 0xA9, 0x0A], ["250 é"]),
    .init("not UTF-8", [0x34, 0x35, 0x31, 0x20, 0xFF, 0xFE, 0x0A], ["451 \u{FFFD}\u{FFFD}"]),
    // Cases 1 and 2 of the original.
    .init("blank lines before", "\r\n\n \t\r\n220 a\r\n", ["220 a"]),
    .init("blank lines after", "250 a\r\n\r\n\n", ["250 a"]),
    .init("blank lines between", "250 a\r\n\r\n250 b\r\n", ["250 a", "250 b"]),
    .init("nothing", "", []),
    .init("only blank lines", "\r\n \r\n", []),
  ]

  static let incomplete: [ParserCase] = [
    .init("part of a code", "25", [], .incomplete),
    .init("no line end", "250 a", [], .incomplete),
    .init("CR without LF", "250 a\r", [], .incomplete),
    // Case 7 of the original.
    .init("more lines announced", "250-a\r\n", [], .incomplete),
    .init("more lines announced, and part of one", "250-a\r\n250 b", [], .incomplete),
    .init("second reply", "250 a\r\n354", ["250 a"], .incomplete),
  ]

  static let failures: [ParserCase] = [
    .init("refusal, then success", "550-a\r\n250 b\r\n", [], mixed("250 b")),
    .init("refusal between", "250-a\r\n550-b\r\n250 c\r\n", [], mixed("250 c")),
    .init("refusal, then 3yz", "550-a\r\n354 b\r\n", [], mixed("354 b")),
    .init("different codes of one kind", "250-a\r\n251 b\r\n", [], mixed("251 b")),
    // The rest would answer the next command.
    .init(
      "blank line inside", "250-a\r\n\r\n250 b\r\n", [],
      .failure("the server sent something that is not an SMTP reply")),
    .init("spaces inside", "250-a\r\n \r\n250 b\r\n", [], noReply(" ")),
    .init("four digits", "2201 a\r\n", [], noReply("2201 a")),
    .init("two digits", "25 a\r\n", [], noReply("25 a")),
    .init("two digits alone", "25\r\n", [], noReply("25")),
    .init("tab behind the code", "250\ta\r\n", [], noReply("250?a")),
    .init("CR behind the code", "250\ra\r\n", [], noReply("250?a")),
    .init("letter in the code", "2a0 a\r\n", [], noReply("2a0 a")),
    .init("space before the code", " 250 a\r\n", [], noReply(" 250 a")),
    .init("sign", "+25 a\r\n", [], noReply("+25 a")),
    .init("1yz", "150 a\r\n", [], noReply("150 a")),
    .init("0yz", "050 a\r\n", [], noReply("050 a")),
    .init("6yz", "600 a\r\n", [], noReply("600 a")),
    .init("7yz", "750 a\r\n", [], noReply("750 a")),
    .init("9yz", "999 a\r\n", [], noReply("999 a")),
    .init("letter as second digit", "5x0 a\r\n", [], noReply("5x0 a")),
    .init("sign as second digit", "5:0 a\r\n", [], noReply("5:0 a")),
    .init("no code", "hello\r\n", [], noReply("hello")),
    .init("HTTP", "HTTP/1.1 400 Bad Request\r\n", [], noReply("HTTP/1.1 400 Bad Request")),
    .init("POP3", "+OK ready\r\n", [], noReply("+OK ready")),
    .init("TLS alert", [0x15, 3, 1, 0x0A], [], noReply("???")),
    .init("failure behind a reply", "250 a\r\nx\r\n", ["250 a"], noReply("x")),
    .init(
      "NUL in the text", "250 a\0b\r\n", [],
      .failure("the server sent a NUL in a reply: \"250 a?b\"")),
    .init("NUL alone", "\0\r\n", [], .failure("the server sent a NUL in a reply: \"?\"")),
  ]

  @Test(arguments: replies + incomplete + failures)
  func `the outcome is the same wherever the octets are cut`(_ test: ParserCase) {
    #expect(Parsed(pieces: [test.input]) == test.parsed)
    #expect(Parsed(pieces: test.input.map { [$0] }) == test.parsed, "octet by octet")
    for cut in test.input.indices {
      let pieces = [test.input[..<cut], test.input[cut...]]
      #expect(Parsed(pieces: pieces) == test.parsed, "cut before octet \(cut)")
    }
  }

  @Test func `the text of each line is kept without code, separator and line end`() throws {
    var parser = ReplyParser()
    parser.append(bytes("250-mx.example\r\n250- two  spaces \r\n250-\r\n250 SIZE\r\n")[...])
    let reply = try #require(try parser.next())
    #expect(reply.code == 250)
    #expect(reply.lines.map { text($0) } == ["mx.example", " two  spaces ", "", "SIZE"])
  }

  /// Case 16 of the original.
  @Test func `octets that are not UTF-8 are kept as they came`() throws {
    var parser = ReplyParser()
    parser.append([0x34, 0x35, 0x31, 0x20, 0xFF, 0x80, 0x0D, 0x0A])
    #expect(try parser.next()?.lines == [[0xFF, 0x80]])
  }

  @Test func `octets left over are reported, blank lines only if requested`() throws {
    var parser = ReplyParser()
    #expect(!parser.hasRest && !parser.hasMore)
    parser.append(bytes("250 a\r\n")[...])
    #expect(parser.hasRest && parser.hasMore)
    _ = try parser.next()
    #expect(!parser.hasRest && !parser.hasMore)
    parser.append(bytes("\r")[...])
    #expect(parser.hasRest && !parser.hasMore)
    parser.append(bytes("\n \t")[...])
    #expect(parser.hasRest && !parser.hasMore)
    parser.append(bytes("2")[...])
    #expect(parser.hasRest && parser.hasMore)
  }

  /// Everything was taken out of the buffer, yet the reply is not complete.
  @Test func `a reply without its last line counts as left over`() throws {
    var parser = ReplyParser()
    parser.append(bytes("250-a\r\n")[...])
    #expect(try parser.next() == nil)
    #expect(parser.hasRest && parser.hasMore)
  }

  /// Case 20 of the original.
  @Test(arguments: [
    ("421 bye", "421 bye"), ("421 bye\r", "421 bye"), ("421", "421"),
    ("421-a\r\n421 b", "421-a\n421 b"), ("220-a\r\n521 b", "220-a\n521 b"),
    // A refusal is one without its last lines.
    ("421-a\r\n", "421-a"), ("421-a\r\n421-b", "421-a\n421-b"), ("550-a\r\n55", "550-a"),
    ("550-a\r\n554-b\r\n", "550-a\n554-b"),
  ])
  func `a last line without its end counts when the server closes`(
    _ input: String, _ reply: String
  ) throws {
    var parser = ReplyParser()
    parser.append(bytes(input)[...])
    #expect(try parser.next() == nil)
    #expect(try parser.finish().map { text($0.text) } == reply)
    #expect(!parser.hasRest)
    #expect(try parser.finish() == nil)
  }

  @Test(arguments: ["", "\r\n", " ", "250 a\r\n"])
  func `nothing is made up when the server closes between replies`(_ input: String) throws {
    var parser = ReplyParser()
    parser.append(bytes(input)[...])
    _ = try parser.next()
    #expect(try parser.finish() == nil)
  }

  @Test(arguments: ["250-a\r\n", "250-a\r\n250-b", "421-a\r\n250-b", "354-a\r\n", "42", "bye"])
  func `half a reply is no reply when the server closes`(_ input: String) throws {
    var parser = ReplyParser()
    parser.append(bytes(input)[...])
    #expect(try parser.next() == nil)
    #expect((try? parser.finish()) == nil)
  }
}
