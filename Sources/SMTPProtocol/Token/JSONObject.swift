/// As much of JSON (RFC 8259) as the response of a token endpoint needs: the strings
/// and numbers that are direct members of one object. Other members are skipped, but
/// must be well-formed. No string stays in memory: one is a token.
package struct JSONObject {
  package enum Value {
    case string(Secret)
    case number([UInt8])
    case other
  }

  private var members: [(name: Secret, value: Value)] = []

  package func string(_ name: StaticString) -> Secret? {
    for member in members where member.name.bytes == Bytes.of(name) {
      if case .string(let text) = member.value { return text }
    }
    return nil
  }

  /// The whole part of a number, or of a number in a string, which some endpoints send.
  package func integer(_ name: StaticString) -> Int64? {
    for member in members where member.name.bytes == Bytes.of(name) {
      switch member.value {
      case .string(let digits): return Self.integer(digits.bytes)
      case .number(let digits): return Self.integer(digits)
      case .other: return nil
      }
    }
    return nil
  }

  private static func integer(_ digits: [UInt8]) -> Int64? {
    let isNegative = digits.first == .hyphen
    let whole = digits.dropFirst(isNegative ? 1 : 0).prefix { Bytes.isDigit($0) }
    guard (1...15).contains(whole.count) else { return nil }
    return whole.reduce(0) { $0 * 10 + Int64($1 - .digitZero) } * (isNegative ? -1 : 1)
  }

  /// nil when the text is not one JSON object.
  package init?(_ text: [UInt8], _ cryptography: any Cryptography) {
    var reader = JSONReader(text, cryptography)
    guard let members = reader.object(depth: 0), reader.isAtEnd else { return nil }
    self.members = members
  }
}

/// Reads JSON from a text of bounded size.
private struct JSONReader {
  /// Deeper than any response of an endpoint; it bounds the recursion.
  private static let depthLimit = 16

  private let text: [UInt8]
  private let cryptography: any Cryptography
  private var position = 0

  init(_ text: [UInt8], _ cryptography: any Cryptography) {
    self.text = text
    self.cryptography = cryptography
  }

  private var next: UInt8? { position < text.count ? text[position] : nil }

  private mutating func skipBlanks() {
    while let byte = next, byte == .space || byte == .tab || byte == .lf || byte == .cr {
      position += 1
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipBlanks()
    guard next == byte else { return false }
    position += 1
    return true
  }

  var isAtEnd: Bool {
    mutating get {
      skipBlanks()
      return next == nil
    }
  }

  mutating func object(depth: Int) -> [(name: Secret, value: JSONObject.Value)]? {
    guard depth < Self.depthLimit, take(.openBrace) else { return nil }
    var members: [(name: Secret, value: JSONObject.Value)] = []
    if take(.closeBrace) { return members }
    repeat {
      skipBlanks()
      guard let name = string(), take(.colon), let value = value(depth: depth) else { return nil }
      members.append((name, value))
    } while take(.comma)
    return take(.closeBrace) ? members : nil
  }

  private mutating func array(depth: Int) -> Bool {
    guard depth < Self.depthLimit, take(.openBracket) else { return false }
    if take(.closeBracket) { return true }
    repeat {
      guard value(depth: depth) != nil else { return false }
    } while take(.comma)
    return take(.closeBracket)
  }

  private mutating func value(depth: Int) -> JSONObject.Value? {
    skipBlanks()
    switch next {
    case .quote: return string().map { .string($0) }
    case .openBrace: return object(depth: depth + 1).map { _ in .other }
    case .openBracket: return array(depth: depth + 1) ? .other : nil
    default: return scalar()
    }
  }

  /// A number, true, false or null.
  private mutating func scalar() -> JSONObject.Value? {
    let start = position
    while let byte = next,
      Bytes.isLetter(byte) || Bytes.isDigit(byte) || byte == .plus || byte == .hyphen
        || byte == .dot
    {
      position += 1
    }
    let word = Array(text[start..<position])
    guard let first = word.first else { return nil }
    if Bytes.isDigit(first) || first == .hyphen { return Self.isNumber(word) ? .number(word) : nil }
    let words = [Bytes.of("true"), Bytes.of("false"), Bytes.of("null")]
    return words.contains(word) ? .other : nil
  }

  /// RFC 8259 section 6.
  private static func isNumber(_ word: [UInt8]) -> Bool {
    var rest = word[...]
    if rest.first == .hyphen { rest = rest.dropFirst() }
    let whole = rest.prefix { Bytes.isDigit($0) }
    guard !whole.isEmpty, whole.count == 1 || whole.first != .digitZero else { return false }
    rest = rest.dropFirst(whole.count)
    if rest.first == .dot {
      let fraction = rest.dropFirst().prefix { Bytes.isDigit($0) }
      guard !fraction.isEmpty else { return false }
      rest = rest.dropFirst(1 + fraction.count)
    }
    guard let mark = rest.first else { return true }
    guard mark | 0x20 == UInt8(ascii: "e") else { return false }
    rest = rest.dropFirst()
    if rest.first == .plus || rest.first == .hyphen { rest = rest.dropFirst() }
    return !rest.isEmpty && rest.allSatisfy { Bytes.isDigit($0) }
  }

  private mutating func string() -> Secret? {
    guard next == .quote else { return nil }
    position += 1
    let result = Secret(capacity: 64, cryptography)
    while let byte = next {
      position += 1
      switch byte {
      case .quote: return result
      case .backslash:
        guard let escaped = escape() else { return nil }
        result.append(escaped[...])
      case 0..<0x20: return nil
      default: result.append(byte)
      }
    }
    return nil
  }

  private mutating func escape() -> [UInt8]? {
    guard let byte = next else { return nil }
    position += 1
    switch byte {
    case .quote, .backslash, .slash: return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [.lf]
    case UInt8(ascii: "r"): return [.cr]
    case UInt8(ascii: "t"): return [.tab]
    case UInt8(ascii: "u"): return unicode()
    default: return nil
    }
  }

  /// `\uXXXX`, two of them for what needs a surrogate pair.
  private mutating func unicode() -> [UInt8]? {
    guard var scalar = hexadecimal() else { return nil }
    if (0xD800..<0xDC00).contains(scalar) {
      guard next == .backslash else { return nil }
      position += 1
      guard next == UInt8(ascii: "u") else { return nil }
      position += 1
      guard let low = hexadecimal(), (0xDC00..<0xE000).contains(low) else { return nil }
      scalar = 0x10000 + ((scalar - 0xD800) << 10) + (low - 0xDC00)
    }
    guard let character = Unicode.Scalar(scalar) else { return nil }
    return Array(UTF8.encode(character) ?? UTF8.encodedReplacementCharacter)
  }

  private mutating func hexadecimal() -> UInt32? {
    guard position + 4 <= text.count,
      let value = Bytes.value(ofHexadecimal: text[position..<(position + 4)])
    else { return nil }
    position += 4
    return UInt32(value)
  }
}
