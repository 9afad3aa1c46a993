import Testing

@testable import SMTPProtocol

/// Whether a message may go as it is is decided by a look at all of it, a block at a time.
@Suite struct ContentSurveyLinesTests {
  private func expect(_ pieces: [[UInt8]]) {
    var survey = ContentSurvey()
    for piece in pieces { survey.add(piece.span) }
    survey.finish()
    let content = Array(pieces.joined())
    let wire = ContentReference.encoded(content, .counted)
    let lines = ContentReference.lines(content)
    if survey.octets != UInt64(content.count) { Issue.record("octets of \(pieces)") }
    if survey.size != UInt64(wire.count) { Issue.record("size of \(pieces)") }
    if survey.hasRegularLines != (content == wire) { Issue.record("lines of \(pieces)") }
    if survey.hasDots != lines.contains(where: { $0.first == 0x2E }) {
      Issue.record("dots of \(pieces)")
    }
    if survey.hasEightBit != content.contains(where: { $0 > 0x7F }) {
      Issue.record("8-bit octets of \(pieces)")
    }
    let header = lines.prefix { !$0.isEmpty }
    if survey.hasEightBitHeader != header.joined().contains(where: { $0 > 0x7F }) {
      Issue.record("8-bit octets in the header of \(pieces)")
    }
  }

  private static let alphabet: [UInt8] = [0x0D, 0x0A, 0x2E, 0x61, 0xE9]

  @Test func `short content, however it is cut`() {
    var contents: [[UInt8]] = [[]]
    for count in 1...4 {
      contents += contents.filter { $0.count == count - 1 }.flatMap { content in
        Self.alphabet.map { content + [$0] }
      }
    }
    for content in contents {
      expect(content.map { [$0] })
      for cut in 0...content.count { expect([Array(content[..<cut]), Array(content[cut...])]) }
    }
  }

  private static let oddities = [
    "\r", "\n", ".", "\r\n.", "\n.", "\r\r\n", "\n\r", "\r\n\r\n", "\u{E9}", "\r\n\u{E9}", "\0",
  ].map { bytes($0) }

  /// Behind the header whole blocks are passed.
  private static func message(_ count: Int) -> [UInt8] {
    let line = [UInt8](repeating: 0x61, count: 38) + bytes("\r\n")
    return bytes("A: b\r\n\r\n") + (0..<count).flatMap { _ in line }
  }

  @Test func `one thing at any place of a long message`() {
    for place in Set(0...20).union(120...150).union(250...280).union(395...408) {
      for oddity in Self.oddities {
        var content = Self.message(10)
        content.replaceSubrange(
          place..<min(place + oddity.count, content.count), with: oddity)
        for cut in Set([0, place, min(place + 1, content.count)]) {
          expect([Array(content[..<cut]), Array(content[cut...])])
        }
      }
    }
  }

  @Test func `anything anywhere, in pieces`() {
    var random = FixedRandom(seed: 71)
    for _ in 0..<400 {
      var content = Self.message(Int.random(in: 0...30, using: &random))
      for _ in 0..<Int.random(in: 0...2, using: &random) {
        let place = Int.random(in: 0...content.count, using: &random)
        content.insert(contentsOf: Self.oddities.randomElement(using: &random)!, at: place)
      }
      var pieces: [[UInt8]] = []
      var rest = content[...]
      while !rest.isEmpty {
        let count = Int.random(in: 0...min(rest.count, 500), using: &random)
        pieces.append(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
      }
      expect(pieces)
    }
  }
}
