import Testing

@testable import SMTPProtocol

/// RFC 2034 section 4, RFC 3463 section 2.
@Suite struct EnhancedStatusTests {
  @Test(arguments: [
    (250, "2.0.0 Ok", "2.0.0"), (250, "2.1.5", "2.1.5"), (550, "5.1.1 <a@b> unknown", "5.1.1"),
    (451, "4.7.1 later", "4.7.1"), (554, "5.7.999 x", "5.7.999"), (552, "5.123.456 x", "5.123.456"),
  ])
  func `the code in front of the text is found`(_ code: Int, _ line: String, _ status: String) {
    #expect(Reply(code, line).enhancedStatus.map { text($0) } == status)
  }

  @Test(arguments: [
    (250, ""), (250, "Ok"), (250, "2.0 Ok"), (250, "2.0.0.0 Ok"), (250, " 2.0.0 Ok"),
    (250, "Ok 2.0.0"), (250, "2..0 Ok"), (250, "2.0. Ok"), (250, ".0.0 Ok"), (250, "2.0.x Ok"),
    (250, "2.0.1234 Ok"), (250, "22.0.0 Ok"), (250, "2,0,0 Ok"), (250, "2.0.0-Ok"),
    // The classes must agree, and there is none for 3yz.
    (550, "4.1.1 x"), (450, "5.1.1 x"), (250, "5.0.0 x"), (354, "3.0.0 x"), (354, "2.0.0 x"),
  ])
  func `what is no such code, or one of another class, is not taken for one`(
    _ code: Int, _ line: String
  ) {
    #expect(Reply(code, line).enhancedStatus == nil)
  }

  @Test func `the last line of several decides`() {
    #expect(Reply(550, "5.1.1 no", "5.7.1 never").enhancedStatus == bytes("5.7.1"))
    #expect(Reply(550, "5.1.1 no", "such user").enhancedStatus == nil)
    #expect(Reply(code: 550, lines: []).enhancedStatus == nil)
  }
}
