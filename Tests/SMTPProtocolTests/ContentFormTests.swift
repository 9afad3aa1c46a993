import Testing

@testable import SMTPProtocol

/// Content in the three forms in which it travels, beside a reference that knows no
/// blocks, in every way in which it may be cut, and encoded or passed as it is.
@Suite struct ContentFormTests {
  private static let forms: [ContentEncoder.Form] = [.dotted, .counted, .binary]

  private func expect(
    _ pieces: [[UInt8]], _ form: ContentEncoder.Form, least: Int = 1, most: Int = .max
  ) {
    let content = Array(pieces.joined())
    var sender = ContentSender(form)
    var encoder = ContentEncoder(form)
    var output = OctetBuffer()
    var before: [UInt8] = []
    for piece in pieces {
      // What lies there as it is to be sent need not be copied.
      let unchanged = sender.encoder.unchanged(piece.span)
      let wanted = ContentReference.unchanged(piece, behind: before, form)
      if unchanged != wanted {
        Issue.record("\(form): \(unchanged) and not \(wanted) octets of \(piece) behind \(before)")
      }
      sender.send(piece, least: least, most: most)
      encoder.encode(piece.span, into: &output)
      before += piece
    }
    sender.finish()
    encoder.finish(into: &output)
    let wanted = ContentReference.encoded(content, form)
    if sender.output.octets != wanted { Issue.record("\(form), passed or encoded: \(pieces)") }
    if output.octets != wanted { Issue.record("\(form), encoded: \(pieces)") }
    let size = ContentReference.size(content, form)
    if sender.encoder.size != size || encoder.size != size {
      Issue.record("\(form), \(pieces): size \(sender.encoder.size), \(encoder.size), not \(size)")
    }
  }

  // MARK: Short, cut everywhere

  private static let alphabet: [UInt8] = [0x0D, 0x0A, 0x2E, 0x61]

  private func expectEveryCut(_ content: [UInt8]) {
    for cuts in 0..<(1 << max(content.count - 1, 0)) {
      var pieces: [[UInt8]] = [[]]
      for (index, byte) in content.enumerated() {
        if index > 0, cuts >> (index - 1) & 1 == 1 { pieces.append([]) }
        pieces[pieces.count - 1].append(byte)
      }
      for form in Self.forms { expect(pieces, form) }
    }
  }

  @Test func `short content is the same in whatever pieces it comes`() {
    var contents: [[UInt8]] = [[]]
    for count in 1...5 {
      contents += contents.filter { $0.count == count - 1 }.flatMap { content in
        Self.alphabet.map { content + [$0] }
      }
    }
    #expect(contents.count == 1 + 4 + 16 + 64 + 256 + 1024)
    for content in contents { expectEveryCut(content) }
  }

  // MARK: Long, with something at every edge of a block

  private static let oddities = [
    "\r", "\n", "\r\n", "\r\n.", "\n.", "\r.", ".", "\r\r\n", "\n\r", "\n\n", "\r\r", "\r\n\r\n",
    "\r\n..", "\0",
  ].map { bytes($0) }

  /// Regular lines of `length` octets, or one line when it is 0.
  private static func lines(_ length: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { index in
      if length == 0 { return 0x61 }
      return switch index % length {
      case length - 2: 0x0D
      case length - 1: 0x0A
      default: 0x61
      }
    }
  }

  @Test(arguments: [0, 2, 77], [0, 1])
  func `octets at the edges are treated as anywhere`(_ length: Int, _ start: Int) {
    for place in Set([start, start + 16, 126, 127, 128, 129, 130, 254, 255, 256, 257]) {
      for oddity in Self.oddities {
        var content = Self.lines(length, 420)
        content.replaceSubrange(place..<place + oddity.count, with: oddity)
        for cut in Set([0, start, place, place + 1, place + oddity.count]) {
          let pieces = [Array(content[..<cut]), Array(content[cut...])]
          for form in Self.forms { expect(pieces, form) }
        }
      }
    }
  }

  /// Where the blocks begin depends on where the piece does.
  @Test func `a CR alone is found at any distance from the start of a piece`() {
    for place in 0..<300 {
      var content = Self.lines(40, 300)
      content[place] = 0x0D
      for form in [ContentEncoder.Form.dotted, .counted] { expect([content], form) }
    }
  }

  @Test func `long content of any kind is the same in pieces of any size`() {
    var random = FixedRandom(seed: 70)
    for _ in 0..<150 {
      var content = Self.lines(
        [0, 2, 20, 78, 200].randomElement(using: &random)!,
        Int.random(in: 0...2000, using: &random))
      for _ in 0..<Int.random(in: 0...12, using: &random) {
        let place = Int.random(in: 0...content.count, using: &random)
        content.insert(contentsOf: Self.oddities.randomElement(using: &random)!, at: place)
      }
      var pieces: [[UInt8]] = []
      var rest = content[...]
      while !rest.isEmpty {
        let count = Int.random(in: 0...min(rest.count, 700), using: &random)
        pieces.append(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
      }
      let least = Int.random(in: 1...300, using: &random)
      let most = Int.random(in: 1...300, using: &random)
      for form in Self.forms { expect(pieces, form, least: least, most: most) }
    }
  }

  // MARK: How much is spared

  /// A message as mail programs make it leaves from where it lies, but for its dots.
  @Test func `regular lines are not touched`() {
    let content = Self.lines(78, 78 * 1000)
    for form in Self.forms {
      var sender = ContentSender(form)
      sender.send(content)
      #expect(sender.passed == content.count)
    }
    var dotted = content
    dotted[78 * 500] = 0x2E
    var sender = ContentSender(.dotted)
    sender.send(dotted, most: 1)
    #expect(sender.passed == content.count - 1)
  }

  @Test func `nothing is added to what is binary`() {
    for content in ["", "a", "a\n", ".", ".\r\n", "\r", "\0"] {
      var encoder = ContentEncoder(.binary)
      var output = OctetBuffer()
      encoder.encode(bytes(content).span, into: &output)
      encoder.finish(into: &output)
      #expect(text(output) == content)
      #expect(encoder.size == UInt64(content.utf8.count))
    }
  }

  @Test func `an empty message has no line`() {
    for (form, end) in [(ContentEncoder.Form.dotted, ".\r\n"), (.counted, ""), (.binary, "")] {
      var encoder = ContentEncoder(form)
      var output = OctetBuffer()
      encoder.encode(bytes("").span, into: &output)
      encoder.finish(into: &output)
      #expect(text(output) == end)
      #expect(encoder.size == 0)
    }
  }
}
