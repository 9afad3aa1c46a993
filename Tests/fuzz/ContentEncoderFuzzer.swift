@testable import SMTPProtocol

/// Content must not depend on how its source cuts it, nor on whether it is copied or
/// leaves as it is, and must not end early.
///
/// Input: one octet that chooses how to cut and how many times to repeat (blocks of lines
/// are looked at at once), then the content.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzContentEncoder(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
  guard let choice = input.first else { return 0 }
  let part = Array(input.dropFirst())
  let times = choice & 0x80 == 0 || part.isEmpty ? 1 : min(600 / part.count + 1, 40)
  let content = [UInt8](repeatElement(part, count: times).joined())
  let lines = lines(of: content)
  let end: [UInt8] = [0x0D, 0x0A]
  let counted: [UInt8] = lines.flatMap { $0 + end }
  let dotted: [UInt8] =
    lines.flatMap { ($0.first == 0x2E ? [0x2E] : []) + $0 + end } + [0x2E] + end
  for piece in [max(content.count, 1), max(Int(choice), 1), 1] {
    expect(content, piece, .dotted, dotted, size: counted.count)
    expect(content, piece, .counted, counted, size: counted.count)
    expect(content, piece, .binary, content, size: content.count)
    expectSurvey(content, piece, lines, counted)
  }
  return 0
}

private func expect(
  _ content: [UInt8], _ piece: Int, _ form: ContentEncoder.Form, _ wanted: [UInt8], size: Int
) {
  // As much as possible is passed as it is, or nothing.
  for passes in [true, false] {
    var encoder = ContentEncoder(form)
    var output = OctetBuffer()
    var rest = content[...]
    while !rest.isEmpty {
      let input = Array(rest.prefix(piece))
      let unchanged = passes ? encoder.unchanged(input.span) : 0
      precondition(unchanged <= input.count)
      if unchanged > 0 {
        encoder.pass(input.span.extracting(first: unchanged))
        output.append(Array(input.prefix(unchanged)))
        rest = rest.dropFirst(unchanged)
      } else {
        encoder.encode(input.span, into: &output)
        rest = rest.dropFirst(piece)
      }
    }
    encoder.finish(into: &output)
    precondition(output[0..<output.count] == wanted)
    precondition(encoder.size == UInt64(size))
  }
}

private func expectSurvey(
  _ content: [UInt8], _ piece: Int, _ lines: [[UInt8]], _ counted: [UInt8]
) {
  var survey = ContentSurvey()
  var rest = content[...]
  while !rest.isEmpty {
    survey.add(Array(rest.prefix(piece)).span)
    rest = rest.dropFirst(piece)
  }
  survey.finish()
  precondition(survey.size == UInt64(counted.count) && survey.octets == UInt64(content.count))
  precondition(survey.hasRegularLines == (content == counted))
  precondition(survey.hasDots == lines.contains { $0.first == 0x2E })
  precondition(survey.hasEightBit == content.contains { $0 > 0x7F })
  let header = lines.prefix { !$0.isEmpty }
  precondition(survey.hasEightBitHeader == header.joined().contains { $0 > 0x7F })
}

/// As simple as possible.
private func lines(of content: [UInt8]) -> [[UInt8]] {
  var lines: [[UInt8]] = [[]]
  var previous: UInt8 = 0
  for byte in content {
    switch byte {
    case 0x0A where previous == 0x0D: break
    case 0x0A, 0x0D: lines.append([])
    default: lines[lines.count - 1].append(byte)
    }
    previous = byte
  }
  if lines[lines.count - 1].isEmpty { lines.removeLast() }
  return lines
}
