/// Functions on byte strings for protocol text. ASCII only, on purpose:
/// comparing `String` would link Unicode tables into the shipped library, and
/// the protocol is defined on octets.
package enum Bytes {
  /// `[UInt8]` of a literal. There are hundreds.
  @inline(never)
  package static func of(_ text: StaticString) -> [UInt8] {
    Array(text.description.utf8)
  }

  /// Memory for octets to come.
  @_optimize(speed)
  package static func zeros(_ count: Int) -> [UInt8] {
    [UInt8](capacity: count) { $0.append(repeating: 0, count: count) }
  }

  /// The decimal digits of a number, with a minus sign when it is negative.
  package static func decimal(_ value: some FixedWidthInteger) -> [UInt8] {
    var digits: [UInt8] = []
    var rest = value.magnitude
    repeat {
      digits.append(.digitZero &+ UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    if value < 0 { digits.append(.hyphen) }
    digits.reverse()
    return digits
  }

  /// The value of decimal digits; nil for none, for more than a number can hold, and for
  /// anything else.
  package static func number(_ digits: [UInt8]) -> UInt64? {
    guard !digits.isEmpty else { return nil }
    var value: UInt64 = 0
    for digit in digits {
      guard isDigit(digit) else { return nil }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt64(digit - .digitZero))
      if overflow || carry { return nil }
      value = sum
    }
    return value
  }

  /// Two digits for each octet, in lower case.
  package static func hexadecimal(_ bytes: [UInt8]) -> [UInt8] {
    let digits = of("0123456789abcdef")
    return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
  }

  /// nil for none, for more than seven digits and for anything else.
  @inline(never)
  package static func value(ofHexadecimal digits: ArraySlice<UInt8>) -> Int? {
    guard (1...7).contains(digits.count) else { return nil }
    var value = 0
    for digit in digits {
      let lower = digit | 0x20
      if isDigit(digit) {
        value = value << 4 | Int(digit - .digitZero)
      } else if (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(lower) {
        value = value << 4 | Int(lower - UInt8(ascii: "a") + 10)
      } else {
        return nil
      }
    }
    return value
  }

  package static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  package static func isLetter(_ byte: UInt8) -> Bool {
    let lower = byte | 0x20
    return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")
  }

  /// What keywords are of (RFC 5321 section 4.1.1.1).
  package static func isWord(_ byte: UInt8) -> Bool {
    isLetter(byte) || isDigit(byte) || byte == .hyphen
  }

  package static func uppercased(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") ? byte & 0xDF : byte
  }

  package static func uppercased(_ bytes: [UInt8]) -> [UInt8] { bytes.map { uppercased($0) } }

  /// Equal but for the case of ASCII letters.
  package static func equalIgnoringCase(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    for index in left.indices where uppercased(left[index]) != uppercased(right[index]) {
      return false
    }
    return true
  }

  package static func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
    contains(bytes, part[...])
  }

  package static func contains(_ bytes: [UInt8], _ part: ArraySlice<UInt8>) -> Bool {
    guard let first = part.first, part.count <= bytes.count else { return false }
    return (0...(bytes.count - part.count)).contains { start in
      bytes[start] == first && bytes[start..<(start + part.count)] == part
    }
  }

  /// RFC 3629. Without a copy: it may be a secret.
  static func isUTF8(_ bytes: [UInt8]) -> Bool {
    do {
      _ = try UTF8Span(validating: bytes.span)
      return true
    } catch {
      return false
    }
  }

  /// Whether a list with blanks has this word, in any case.
  @inline(never)
  package static func hasWord(_ word: [UInt8], in list: [UInt8]) -> Bool {
    for each in list.split(whereSeparator: { $0 == .space || $0 == .tab })
    where equalIgnoringCase(Array(each), word) {
      return true
    }
    return false
  }

  /// Without blanks and tabs at both ends.
  package static func trimmed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var bytes = bytes
    while bytes.first == .space || bytes.first == .tab { bytes.removeFirst() }
    while bytes.last == .space || bytes.last == .tab { bytes.removeLast() }
    return Array(bytes)
  }

  /// The parts in a row, with the same separator between them.
  @inline(never)
  package static func joined(_ parts: [[UInt8]], _ separator: StaticString) -> [UInt8] {
    let separator = of(separator)
    var whole: [UInt8] = []
    for index in parts.indices {
      if index > 0 { whole += separator }
      whole += parts[index]
    }
    return whole
  }

  /// CR, LF, NUL and every other control character, which must never reach a
  /// command line or a log.
  package static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == .delete }

  /// Text for a message to a person: control characters become `?`, what is not
  /// UTF-8 becomes the replacement character, and no more than `limit` octets.
  @inline(never)
  package static func printable(_ bytes: [UInt8], limit: Int = 200) -> ErrorText {
    let shown = bytes.prefix(limit).map { isControl($0) ? .question : $0 }
    return ErrorText(bytes: bytes.count > limit ? shown + of("...") : shown)
  }
}
