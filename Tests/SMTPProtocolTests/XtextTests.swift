import Testing

@testable import SMTPProtocol

@Suite struct XtextTests {
  /// RFC 3461 section 4.
  @Test(arguments: [
    ("", ""), ("a@x.example", "a@x.example"), (" ", "+20"), ("=", "+3D"), ("+", "+2B"),
    ("a+b=c d", "a+2Bb+3Dc+20d"), ("!~", "!~"), ("\u{7F}", "+7F"), ("\r\n", "+0D+0A"),
    ("\0", "+00"), ("é", "+C3+A9"), ("+2B", "+2B2B"), ("\\", "\\"),
  ])
  func `what could end a parameter is written as hexadecimal digits`(
    _ plain: String, _ encoded: String
  ) {
    #expect(text(Xtext.encode(bytes(plain))) == encoded)
  }

  /// The decoder of RFC 3461 gives every octet back.
  @Test func `every octet comes back`() {
    for byte in UInt8.min...UInt8.max {
      let encoded = Xtext.encode([byte])
      let isPlain = (0x21...0x7E).contains(byte) && byte != 0x2B && byte != 0x3D
      #expect(encoded.count == (isPlain ? 1 : 3))
      if isPlain {
        #expect(encoded == [byte])
      } else {
        let digits = String(decoding: encoded.dropFirst(), as: UTF8.self)
        #expect(encoded.first == 0x2B)
        #expect(UInt8(digits, radix: 16) == byte)
        #expect(digits == digits.uppercased())
      }
    }
  }

  /// RFC 6533 section 3.
  @Test(arguments: [
    ("a@x.example", "a@x.example"), ("é@x.example", "\\x{E9}@x.example"),
    ("\u{80}", "\\x{80}"), ("\u{FFFF}", "\\x{FFFF}"), ("\u{10000}", "\\x{10000}"),
    ("\u{10FFFF}", "\\x{10FFFF}"), ("用户@例", "\\x{7528}\\x{6237}@\\x{4F8B}"),
    ("e\u{301}", "e\\x{301}"),
  ])
  func `characters outside ASCII are written by their number`(
    _ plain: String, _ encoded: String
  ) {
    #expect(text(Xtext.encodeInternationalized(bytes(plain))) == encoded)
  }

  /// QCHAR of RFC 6533 section 3 is neither of these: a decoder refuses "+" and
  /// takes a backslash for the beginning of a character.
  @Test(arguments: [
    ("\"a\\\"é\"@x", "\"a\\x{5C}\"\\x{E9}\"@x"), ("é+a=b@x", "\\x{E9}\\x{2B}a\\x{3D}b@x"),
    ("\"é a\"@x", "\"\\x{E9}\\x{20}a\"@x"),
  ])
  func `what xtext would encode is written by its number as well`(
    _ plain: String, _ encoded: String
  ) {
    #expect(text(Xtext.encodeInternationalized(bytes(plain))) == encoded)
  }
}
