/// The encoding of parameter values (RFC 3461 section 4): what could end or
/// confuse a parameter becomes "+" and two upper-case hexadecimal digits.
package enum Xtext {
  package static func encode(_ bytes: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    for byte in bytes {
      if byte < 0x21 || byte > 0x7E || byte == .plus || byte == .equals {
        text += [.plus, digit(byte >> 4), digit(byte & 15)]
      } else {
        text.append(byte)
      }
    }
    return text
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? .digitZero + value : UInt8(ascii: "A") - 10 + value
  }

  /// An address outside ASCII in a form that needs no SMTPUTF8: each character
  /// as `\x{HEX}`, then as above (utf-8-addr-xtext, RFC 6533 section 3).
  package static func encodeInternationalized(_ address: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    for scalar in String(decoding: address, as: UTF8.self).unicodeScalars {
      // QCHAR: what xtext leaves as it is, but for the backslash.
      if (0x21...0x7E).contains(scalar.value), ![0x2B, 0x3D, 0x5C].contains(scalar.value) {
        text.append(UInt8(truncatingIfNeeded: scalar.value))
      } else {
        text += Bytes.of("\\x{") + hexadecimal(scalar.value) + [0x7D]
      }
    }
    return text
  }

  /// Without leading zeros.
  static func hexadecimal(_ value: UInt32) -> [UInt8] {
    var digits: [UInt8] = []
    var rest = value
    repeat {
      digits.append(digit(UInt8(truncatingIfNeeded: rest & 15)))
      rest >>= 4
    } while rest > 0
    digits.reverse()
    return digits
  }
}
