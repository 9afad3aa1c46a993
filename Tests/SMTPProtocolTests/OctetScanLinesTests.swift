import Testing

@testable import SMTPProtocol

/// Blocks of lines that are passed without a look at each octet.
@Suite struct OctetScanLinesTests {
  private static let block = 128
  private static let cr: UInt8 = 0x0D
  private static let lf: UInt8 = 0x0A

  /// Whether a CR without LF or an LF without CR is at `index` or after it, or a
  /// line that begins with `dot`.
  private static func isIrregular(_ text: [UInt8], _ index: Int, _ dot: UInt8) -> Bool {
    (text[index] == cr) != (text[index + 1] == lf) || (text[index] == lf && text[index + 1] == dot)
  }

  private static func skipped(_ text: [UInt8], _ start: Int, _ dot: UInt8) -> Int {
    var end = start
    // The CR of an LF at the front is missing.
    if start < text.count, text[start] == lf { return start }
    while end + block < text.count,
      !(end..<end + block).contains(where: { isIrregular(text, $0, dot) })
    {
      end += block
    }
    return end > start && text[end] == lf ? end - 1 : end
  }

  private func expect(_ text: [UInt8], _ start: Int) {
    for dot in [0x2E, Self.lf] {
      var seen: UInt64 = 0
      let end = OctetScan.skipRegularLines(text.span, from: start, dot: dot, seen: &seen)
      let wanted = Self.skipped(text, start, dot)
      let shown = "from \(start), dot \(dot), in \(text)"
      if end != wanted { Issue.record("\(end), not \(wanted), \(shown)") }
      // A CR and its LF may both have been seen and only one of them passed.
      if OctetScan.hasEightBit(seen) != text[start..<wanted].contains(where: { $0 > 0x7F }) {
        Issue.record("8-bit octets \(shown)")
      }
    }
  }

  /// Lines of some length, so many octets in all.
  private static func lines(_ length: Int, _ count: Int) -> [UInt8] {
    var text: [UInt8] = []
    while text.count < count {
      text += [UInt8](repeating: 0x61, count: length - 2) + [cr, lf]
    }
    return Array(text.prefix(count))
  }

  @Test func `regular lines of every length are passed, up to the last block`() {
    for length in stride(from: 2, through: 140, by: 3) {
      for count in [0, 1, 127, 128, 129, 130, 255, 256, 257, 258, 385, 600] {
        let text = Self.lines(length, count)
        for start in [0, 1, length] where start <= count { expect(text, start) }
      }
    }
  }

  @Test func `one irregular octet stops it, at any position`() {
    let text = Self.lines(40, 400)
    for place in text.indices {
      for octet: UInt8 in [Self.cr, Self.lf, 0x2E, 0x61, 0x80, 0] {
        var text = text
        text[place] = octet
        for start in [0, 15, 40] { expect(text, start) }
      }
    }
  }

  @Test func `any text`() {
    var random = FixedRandom(seed: 33)
    for _ in 0..<1500 {
      var text = Self.lines(
        Int.random(in: 2...130, using: &random), Int.random(in: 100...700, using: &random))
      for _ in 0..<Int.random(in: 0...2, using: &random) {
        text[Int.random(in: 0..<text.count, using: &random)] =
          [Self.cr, Self.lf, 0x2E, 0xE9, 0].randomElement(using: &random)!
      }
      expect(text, Int.random(in: 0...140, using: &random) % (text.count + 1))
    }
  }
}
