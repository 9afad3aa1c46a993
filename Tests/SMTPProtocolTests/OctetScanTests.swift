import Testing

@testable import SMTPProtocol

/// Each scan beside a loop that looks at one octet after the other, with the edges of its
/// words and vectors (8, 16, 128 octets) everywhere.
@Suite struct OctetScanTests {
  /// Octets around those that mean something, and any.
  private static let edges: [UInt8] = [
    0, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F, 0x1F, 0x20, 0x2E, 0x7E, 0x7F, 0x80, 0x8A, 0x8D,
    0x8E, 0xA0, 0xFF,
  ]

  private static func random(_ count: Int, _ random: inout FixedRandom) -> [UInt8] {
    (0..<count).map { _ in
      Int.random(in: 0..<16, using: &random) == 0
        ? edges.randomElement(using: &random)! : UInt8.random(in: 0x20..<0x7F, using: &random)
    }
  }

  /// Every octet of `edges` alone at every place of texts of many lengths.
  private static func everywhere(_ body: (_ text: [UInt8], _ start: Int) -> Void) {
    for count in [1, 7, 8, 9, 15, 16, 17, 23, 24, 31, 32, 33, 40] {
      for place in 0..<count {
        for octet in edges {
          var text = [UInt8](repeating: 0x61, count: count)
          text[place] = octet
          for start in Set([0, 1, 7, 8, 9, place, place + 1]) where start <= count {
            body(text, start)
          }
        }
      }
    }
  }

  private static func randomly(_ body: (_ text: [UInt8], _ start: Int) -> Void) {
    var random = FixedRandom(seed: 30)
    for _ in 0..<4000 {
      let text = Self.random(Int.random(in: 0...70, using: &random), &random)
      body(text, Int.random(in: 0...text.count, using: &random))
    }
  }

  // MARK: nextControl

  private func expectNextControl(_ text: [UInt8], _ start: Int) {
    for before in [0, OctetScan.eightBit] {
      var seen = before
      let found = OctetScan.nextControl(text.span, from: start, seen: &seen)
      let passed = text[start...].prefix { $0 > 0x0D }
      let hasEightBit = before != 0 || passed.contains { $0 > 0x7F }
      if found != passed.endIndex { Issue.record("\(text) from \(start): found at \(found)") }
      if OctetScan.hasEightBit(seen) != hasEightBit {
        Issue.record("\(text) from \(start): 8-bit \(!hasEightBit)")
      }
    }
  }

  @Test func `nextControl finds what may be a line end, and sees 8-bit octets before it`() {
    Self.everywhere(expectNextControl)
    Self.randomly(expectNextControl)
  }

  // MARK: hasControl

  private func expectHasControl(_ text: [UInt8], _ start: Int) {
    let wanted = text[start...].contains { $0 < 0x20 || $0 == 0x7F }
    if OctetScan.hasControl(text.span, from: start) != wanted {
      Issue.record("\(text) from \(start): control \(!wanted)")
    }
  }

  @Test func `hasControl finds what no command may hold`() {
    Self.everywhere(expectHasControl)
    Self.randomly(expectHasControl)
    for octet in UInt8.min...UInt8.max {
      for place in 0..<20 {
        var text = [UInt8](repeating: 0xFF, count: 20)
        text[place] = octet
        expectHasControl(text, 0)
      }
    }
  }

  // MARK: equal, copy, array

  @Test func `equal sees a difference in any octet, and in the length`() {
    var random = FixedRandom(seed: 31)
    for count in 0...40 {
      let text = Self.random(count, &random)
      let longer = text + [0]
      let isEqual = OctetScan.equal(text.span, text.span)
      let isEqualToLonger = OctetScan.equal(text.span, longer.span)
      #expect(isEqual && !isEqualToLonger)
      for place in 0..<count {
        var other = text
        other[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        if OctetScan.equal(text.span, other.span) { Issue.record("\(text) and \(other)") }
      }
    }
  }

  @Test func `copies are the same, and nothing around them is touched`() {
    var random = FixedRandom(seed: 32)
    for count in 0...40 {
      let text = Self.random(count, &random)
      let copy = OctetScan.array(text.span)
      #expect(copy == text)
      var room = [UInt8](repeating: 0xEE, count: count + 9)
      var span = room.mutableSpan
      OctetScan.copy(text.span, to: &span, at: 4)
      #expect(room == [0xEE, 0xEE, 0xEE, 0xEE] + text + [0xEE, 0xEE, 0xEE, 0xEE, 0xEE])
    }
  }
}
