@testable import SMTPProtocol

/// What becomes of content, as simple as possible.
enum ContentReference {
  private static let lineEnd: [UInt8] = [0x0D, 0x0A]

  /// Its lines, without their ends.
  static func lines(_ content: [UInt8]) -> [[UInt8]] {
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
    if lines.last!.isEmpty { lines.removeLast() }
    return lines
  }

  /// All that travels, its end too.
  static func encoded(_ content: [UInt8], _ form: ContentEncoder.Form) -> [UInt8] {
    switch form {
    case .binary: return content
    case .counted: return lines(content).flatMap { $0 + lineEnd }
    case .dotted:
      let lines = lines(content).flatMap { ($0.first == 0x2E ? [0x2E] : []) + $0 + lineEnd }
      return lines + [0x2E] + lineEnd
    }
  }

  /// As RFC 1870 counts it.
  static func size(_ content: [UInt8], _ form: ContentEncoder.Form) -> UInt64 {
    UInt64(encoded(content, form == .binary ? .binary : .counted).count)
  }

  /// How much of `content`, which stands behind `before`, needs no change.
  static func unchanged(
    _ content: [UInt8], behind before: [UInt8], _ form: ContentEncoder.Form
  ) -> Int {
    if form == .binary { return content.count }
    for (index, octet) in content.enumerated() {
      let previous = index > 0 ? content[index - 1] : before.last
      let next = index + 1 < content.count ? content[index + 1] : nil
      switch octet {
      case 0x0D where next != 0x0A: return index
      // The LF of a CR that was given before goes with it.
      case 0x0A where index == 0 || previous != 0x0D: return index
      case 0x2E where form == .dotted && (previous == nil || previous == 0x0A || previous == 0x0D):
        return index
      default: break
      }
    }
    return content.count
  }
}

/// Takes content as Connection does: what needs no change goes as it is, the rest is
/// encoded.
struct ContentSender {
  private(set) var encoder: ContentEncoder
  private(set) var output = OctetBuffer()
  /// How many octets went as they are.
  private(set) var passed = 0

  init(_ form: ContentEncoder.Form) { encoder = ContentEncoder(form) }

  /// As much of `piece` as goes as it is, if that is at least `least`, else `most` octets
  /// at a time.
  mutating func send(_ piece: [UInt8], least: Int = 1, most: Int = .max) {
    var rest = piece[...]
    while !rest.isEmpty {
      let input = Array(rest)
      let count = encoder.unchanged(input.span)
      if count >= least {
        encoder.pass(input.span.extracting(first: count))
        output.append(Array(input.prefix(count)))
        passed += count
        rest = rest.dropFirst(count)
      } else {
        let copied = min(input.count, most)
        encoder.encode(input.span.extracting(first: copied), into: &output)
        rest = rest.dropFirst(copied)
      }
    }
  }

  mutating func finish() { encoder.finish(into: &output) }
}
