import Testing

@testable import SMTPProtocol

@Suite struct ErrorTextTests {
  @Test func `texts, messages and numbers are put together`() {
    let inner: ErrorText = "inner"
    let word = "wörd"
    let message: ErrorText = "a \(word) b \(inner) c \(-5) \(0) \(UInt8(255))"
    #expect(message.text == "a wörd b inner c -5 0 255")
    #expect(("x" as ErrorText).bytes == [0x78])
    #expect(("" as ErrorText).bytes == [])
    #expect(ErrorText("é").bytes == [0xC3, 0xA9])
    #expect((inner + "!").text == "inner!")
    var grown = inner
    grown += " and more"
    #expect(grown.text == "inner and more")
    #expect(inner.text == "inner")
  }

  @Test func `the ends of the numbers are written in full`() {
    #expect(("\(Int64.min)" as ErrorText).text == "-9223372036854775808")
    #expect(("\(Int64.max)" as ErrorText).text == "9223372036854775807")
    #expect(("\(UInt64.max)" as ErrorText).text == "18446744073709551615")
  }

  @Test func `octets that are no UTF-8 can be shown`() {
    #expect(ErrorText(bytes: [0x61, 0xFF]).text == "a\u{FFFD}")
  }
}
