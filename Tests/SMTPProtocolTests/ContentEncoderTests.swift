import Testing

@testable import SMTPProtocol

/// RFC 5321 sections 2.3.8, 4.1.1.4 and 4.5.2, where the original has faults.
@Suite struct ContentEncoderTests {
  private func encode(_ chunks: [some Collection<UInt8>]) -> (output: [UInt8], size: UInt64) {
    var encoder = ContentEncoder()
    var output: [UInt8] = []
    for chunk in chunks { encoder.encode(Array(chunk).span, into: &output) }
    encoder.finish(into: &output)
    return (output, encoder.size)
  }

  @Test(arguments: [
    ([""], ".\r\n"),
    ([], ".\r\n"),
    (["", ""], ".\r\n"),
    (["a"], "a\r\n.\r\n"),
    (["a\n"], "a\r\n.\r\n"),
    (["a\r\n"], "a\r\n.\r\n"),
    (["a\r"], "a\r\n.\r\n"),
    (["a\r", "\n"], "a\r\n.\r\n"),
    (["a\r", "", "\n"], "a\r\n.\r\n"),
    (["\n"], "\r\n.\r\n"),
    (["\r\n"], "\r\n.\r\n"),
    (["\r"], "\r\n.\r\n"),
    (["a\r\r\nb"], "a\r\n\r\nb\r\n.\r\n"),
    (["a\n\rb"], "a\r\n\r\nb\r\n.\r\n"),
    (["a\r\n\nb"], "a\r\n\r\nb\r\n.\r\n"),
    (["."], "..\r\n.\r\n"),
    ([".."], "...\r\n.\r\n"),
    ([".\r\n"], "..\r\n.\r\n"),
    (["a."], "a.\r\n.\r\n"),
    (["a", "."], "a.\r\n.\r\n"),
    (["a\n.\nb"], "a\r\n..\r\nb\r\n.\r\n"),
    (["a\r\n.\r\nb"], "a\r\n..\r\nb\r\n.\r\n"),
    (["a\r", "\n.b"], "a\r\n..b\r\n.\r\n"),
    (["a\r\n", ".b"], "a\r\n..b\r\n.\r\n"),
    (["a\n.", ".b"], "a\r\n...b\r\n.\r\n"),
    // A lone CR ends a line too, so nothing can be smuggled after it.
    (["a\r.\r\nb"], "a\r\n..\r\nb\r\n.\r\n"),
    (["a\r", ".\r", "\nb"], "a\r\n..\r\nb\r\n.\r\n"),
    (["a\n.\r\nb"], "a\r\n..\r\nb\r\n.\r\n"),
    (["a\r\n.\rb"], "a\r\n..\r\nb\r\n.\r\n"),
    (["\r.\r"], "\r\n..\r\n.\r\n"),
    (["a\0", ".b"], "a\0.b\r\n.\r\n"),
    (["\0.", "\0"], "\0.\0\r\n.\r\n"),
    (["é\u{85}\u{2028}."], "é\u{85}\u{2028}.\r\n.\r\n"),
  ])
  func `line ends become CRLF and dots are doubled at the start of a line`(
    _ chunks: [String], _ wanted: String
  ) {
    #expect(text(encode(chunks.map { bytes($0) }).output) == wanted)
  }

  @Test func `octets of every value pass`() {
    let all = (0...255).map { UInt8($0) }
    let wanted = all.flatMap { $0 == 0x0A || $0 == 0x0D ? [0x0D, 0x0A] : [$0] }
    #expect(encode([all]).output == wanted + bytes("\r\n.\r\n"))
  }

  /// RFC 1870 section 5: without the added dots and without the terminator.
  @Test(arguments: [
    ("", 0), ("a", 3), ("a\n", 3), ("a\r\n", 3), (".", 3), ("..\n.", 7), ("\r\r\n\n", 6),
  ])
  func `the size counts repaired line ends and no added dots`(_ content: String, _ size: UInt64) {
    #expect(encode([bytes(content)]).size == size)
  }

  @Test func `what was in the output before stays there`() {
    var encoder = ContentEncoder()
    var output = bytes("DATA\r\n")
    encoder.encode(bytes(".").span, into: &output)
    encoder.finish(into: &output)
    #expect(text(output) == "DATA\r\n..\r\n.\r\n")
  }

  // MARK: Any content, cut anywhere

  private static let alphabet: [UInt8] = [0x0D, 0x0A, 0x2E, 0x61, 0]

  private static func random(_ count: Int, _ random: inout FixedRandom) -> [UInt8] {
    (0..<count).map { _ in alphabet[Int.random(in: 0..<5, using: &random)] }
  }

  /// Every content of up to five octets, in every way of cutting it.
  @Test func `short content is the same in whatever pieces it comes`() {
    var contents: [[UInt8]] = [[]]
    for _ in 0..<5 {
      contents += contents.filter { $0.count == contents.last!.count }.flatMap { content in
        Self.alphabet.map { content + [$0] }
      }
    }
    #expect(contents.count == 1 + 5 + 25 + 125 + 625 + 3125)
    for content in contents { expectEveryCut(content) }
  }

  @Test func `longer content is the same in every way of cutting it`() {
    var random = FixedRandom(seed: 1)
    for _ in 0..<500 { expectEveryCut(Self.random(9, &random)) }
  }

  @Test func `long content is the same in many pieces`() {
    var random = FixedRandom(seed: 2)
    for _ in 0..<2000 {
      let content = Self.random(Int.random(in: 10...200, using: &random), &random)
      var chunks: [ArraySlice<UInt8>] = []
      var rest = content[...]
      while !rest.isEmpty {
        let count = Int.random(in: 0...min(rest.count, 20), using: &random)
        chunks.append(rest.prefix(count))
        rest = rest.dropFirst(count)
      }
      expect(encode(chunks), content)
    }
  }

  private func expectEveryCut(_ content: [UInt8]) {
    for cuts in 0..<(1 << max(content.count - 1, 0)) {
      var chunks: [[UInt8]] = [[]]
      for (index, byte) in content.enumerated() {
        if index > 0, cuts >> (index - 1) & 1 == 1 { chunks.append([]) }
        chunks[chunks.count - 1].append(byte)
      }
      expect(encode(chunks), content)
    }
  }

  private func expect(_ result: (output: [UInt8], size: UInt64), _ content: [UInt8]) {
    // `#expect` is too slow for half a million cases.
    if result.output != ContentReference.encoded(content, .dotted) {
      Issue.record("\(content) became \(result.output)")
    }
    if result.size != ContentReference.size(content, .dotted) {
      Issue.record("\(content) has size \(result.size)")
    }
    if !Self.endsOnce(result.output) { Issue.record("\(content): \(result.output) ends twice") }
  }

  /// No reader, whatever it takes for a line end, sees the end before the end.
  private static func endsOnce(_ output: [UInt8]) -> Bool {
    let isLineEnd: (UInt8) -> Bool = { $0 == 0x0D || $0 == 0x0A }
    for index in output.indices {
      let next = index + 1 < output.count ? output[index + 1] : 0
      let previous = index > 0 ? output[index - 1] : 0x0A
      if output[index] == 0x0D, next != 0x0A { return false }
      if output[index] == 0x0A, previous != 0x0D { return false }
      if output[index] == 0x2E, isLineEnd(previous), isLineEnd(next), index != output.count - 3 {
        return false
      }
    }
    return output.suffix(3) == [0x2E, 0x0D, 0x0A]
  }
}
