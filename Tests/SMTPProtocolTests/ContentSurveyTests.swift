import Testing

@testable import SMTPProtocol

@Suite struct ContentSurveyTests {
  private func survey(_ pieces: [[UInt8]]) -> ContentSurvey {
    var survey = ContentSurvey()
    for piece in pieces { survey.add(piece.span) }
    survey.finish()
    return survey
  }

  @Test(
    arguments: [
      ("", 0), ("a", 3), ("a\n", 3), ("a\r\n", 3), ("a\r", 3), ("a\n\n", 5), ("a\r\r\n", 5),
      ("\n", 2), ("\r\n", 2), ("\n\r", 4), (".\n", 3), ("..", 4), ("a\nb", 6),
    ] as [(String, UInt64)])
  func `the size is that with CRLF and without dots`(_ content: String, _ size: UInt64) {
    #expect(survey([bytes(content)]).size == size)
  }

  @Test(arguments: [
    ("", false, false), ("Subject: x\n\nbody\n", false, false),
    ("Subject: é\n\nbody\n", true, true),
    ("Subject: x\n\né\n", true, false), ("Subject: x\r\n\r\né", true, false),
    ("Subject: x\r\ré", true, false), ("\né", true, false), ("\r\né", true, false),
    ("é", true, true), ("A: b\né\n\nc", true, true), ("A: é\n\né", true, true),
    ("A: b\r\n \r\né", true, true), ("A: b\n\n\u{7F}", false, false),
  ])
  func `8-bit octets are seen in header and body`(
    _ content: String, _ hasEightBit: Bool, _ hasEightBitHeader: Bool
  ) {
    let octets = bytes(content)
    for cut in 0...octets.count {
      let found = survey([Array(octets[..<cut]), [], Array(octets[cut...])])
      #expect(found.hasEightBit == hasEightBit, "cut at \(cut)")
      #expect(found.hasEightBitHeader == hasEightBitHeader, "cut at \(cut)")
    }
    let found = survey(octets.map { [$0] })
    #expect(found.hasEightBit == hasEightBit)
    #expect(found.hasEightBitHeader == hasEightBitHeader)
  }

  /// SIZE is the number of octets written.
  @Test func `the size is that of the encoder, however the content is cut`() {
    var random = FixedRandom(seed: 20)
    let alphabet: [UInt8] = [0x0A, 0x0D, 0x2E, 0x61, 0xE9]
    for _ in 0..<2000 {
      let pieces = (0..<Int.random(in: 0...4, using: &random)).map { _ in
        (0..<Int.random(in: 0...6, using: &random)).map { _ in
          alphabet.randomElement(using: &random)!
        }
      }
      var encoder = ContentEncoder()
      var output: [UInt8] = []
      for piece in pieces { encoder.encode(piece.span, into: &output) }
      encoder.finish(into: &output)
      #expect(survey(pieces).size == encoder.size, "\(pieces)")
    }
  }
}

/// A message that is too large to be looked at as a whole before it is sent.
@Suite struct FirstLookTests {
  private static let limit = ContentSurvey.lookLimit

  private func look(at count: Int, _ change: (inout [UInt8]) -> Void = { _ in }) -> ContentSurvey {
    var content = bytes("Subject: x\n\n") + [UInt8](repeating: 0x61, count: count - 12)
    change(&content)
    return ContentSurvey(lookingAt: content.span)
  }

  @Test func `the limit itself is not too large`() {
    let whole = look(at: Self.limit)
    #expect(whole.isWhole)
    #expect(whole.octets == UInt64(Self.limit))
    #expect(whole.size == UInt64(Self.limit) + 4)
    #expect(!whole.mayHaveEightBit)
  }

  @Test func `what was not seen is not known`() {
    let part = look(at: Self.limit + 1)
    #expect(!part.isWhole)
    #expect(part.octets == UInt64(Self.limit) + 1)
    #expect(part.size == part.octets)
    #expect(!part.hasEightBit)
    #expect(part.mayHaveEightBit)
    #expect(!part.inHeader)
    let unseen = look(at: Self.limit + 1) { $0[Self.limit] = 0xE9 }
    #expect(!unseen.hasEightBit)
    let seen = look(at: Self.limit + 1) { $0[Self.limit - 1] = 0xE9 }
    #expect(seen.hasEightBit)
  }

  @Test(arguments: [
    (["8BITMIME"], false, false), (["8BITMIME", "SIZE 0"], false, false),
    (["8BITMIME", "SIZE 3000000"], false, false), (["8BITMIME", "SIZE 2000000"], false, true),
    ([], false, true), (["8BITMIME"], true, true),
  ])
  func `all of it is looked at when the server leaves something undecided`(
    _ keywords: [String], _ chunks: Bool, _ needsWhole: Bool
  ) {
    let capabilities = Capabilities(
      reply: Reply(code: 250, lines: (["mx"] + keywords).map { bytes($0) }))
    var request = SendRequest(from: nil, recipients: [], size: nil, use8BitMIME: nil)
    request.survey = look(at: Self.limit + 1)
    #expect(request.needsWholeSurvey(capabilities, chunks: chunks) == needsWhole)
    request.survey = look(at: Self.limit)
    #expect(!request.needsWholeSurvey(capabilities, chunks: chunks))
  }

  @Test func `what the caller has decided needs no look`() {
    var request = SendRequest(from: nil, recipients: [], size: nil, use8BitMIME: true)
    request.survey = look(at: Self.limit + 1)
    #expect(!request.needsWholeSurvey(.none, chunks: false))
    request.use8BitMIME = nil
    request.isBinary = true
    #expect(!request.needsWholeSurvey(.none, chunks: true))
  }

  @Test func `a header without end may hide what SMTPUTF8 is for`() {
    let capabilities = Capabilities(
      reply: Reply(code: 250, lines: ["mx", "8BITMIME", "SMTPUTF8"].map { bytes($0) }))
    var request = SendRequest(from: nil, recipients: [], size: nil, use8BitMIME: nil)
    request.survey = look(at: Self.limit + 1)
    #expect(!request.needsWholeSurvey(capabilities, chunks: false))
    request.survey = look(at: Self.limit + 1) { $0[11] = 0x61 }
    #expect(request.needsWholeSurvey(capabilities, chunks: false))
  }
}
