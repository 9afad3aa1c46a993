/// A character of UTF-8 text that is blank, invisible or no character. It is never meant
/// in an address: it comes with copied text, or from a decoder that failed. RFC 6531
/// would allow it.
struct UnseenCharacter {
  let scalar: UInt32

  /// What it is, to be put after the text: "contains the ... character U+200B".
  var reason: ErrorText {
    let name = Bytes.printable(Self.name(scalar))
    return scalar == Self.replacement
      ? "holds \(name), the replacement for octets that could not be decoded"
      : "holds the blank or invisible character \(name)"
  }

  /// nil when every character of the text can be seen.
  static func first(in text: [UInt8]) -> UnseenCharacter? {
    var before: UInt32 = 0
    var joiner: UInt32?
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      let value = scalar.value
      let isUnseen = contains(value)
      // Persian and the scripts of India write U+200C and U+200D between letters.
      if let found = joiner, isUnseen || value < 0x80 { return UnseenCharacter(scalar: found) }
      joiner = nil
      if isUnseen {
        guard isJoiner(value), before >= 0x80 else { return UnseenCharacter(scalar: value) }
        joiner = value
      }
      before = value
    }
    return joiner.map { UnseenCharacter(scalar: $0) }
  }

  private static func isJoiner(_ value: UInt32) -> Bool { value == 0x200C || value == 0x200D }

  private static func contains(_ value: UInt32) -> Bool {
    if value < 0x80 { return false }
    // Two of each plane are no characters.
    if value & 0xFFFE == 0xFFFE { return true }
    return ScalarRanges.contain(ranges, value)
  }

  /// "U+200B"
  private static func name(_ value: UInt32) -> [UInt8] {
    let digits = Xtext.hexadecimal(value)
    return Bytes.of("U+") + [UInt8](repeating: 0x30, count: max(0, 4 - digits.count)) + digits
  }

  private static let replacement: UInt32 = 0xFFFD

  /// First and last of each range, in order: the general categories Cc, Cf, Zs, Zl and Zp
  /// of Unicode 16 beyond ASCII, letters and signs that are blank (U+115F, U+2800 and
  /// others), U+FFFD, and what is no character. Variation selectors are not among them:
  /// names are written with them.
  private static let ranges: [UInt32] = [
    0x80, 0xA0, 0xAD, 0xAD, 0x34F, 0x34F, 0x600, 0x605, 0x61C, 0x61C, 0x6DD, 0x6DD,
    0x70F, 0x70F, 0x890, 0x891, 0x8E2, 0x8E2, 0x115F, 0x1160, 0x1680, 0x1680,
    0x17B4, 0x17B5, 0x180E, 0x180E, 0x2000, 0x200F, 0x2028, 0x202F, 0x205F, 0x206F,
    0x2800, 0x2800, 0x3000, 0x3000, 0x3164, 0x3164, 0xFDD0, 0xFDEF, 0xFEFF, 0xFEFF,
    0xFFA0, 0xFFA0, 0xFFF0, 0xFFFB, 0xFFFD, 0xFFFD, 0x110BD, 0x110BD, 0x110CD, 0x110CD,
    0x13430, 0x1343F, 0x1BCA0, 0x1BCA3, 0x1D173, 0x1D17A, 0xE0000, 0xE007F,
  ]
}
