import Testing

@testable import SMTPProtocol

@Suite struct DeliveryStatusTests {
  // MARK: RET

  @Test(arguments: [("FULL", "FULL"), ("hdrs", "HDRS"), ("Full", "FULL"), ("HDRS", "HDRS")])
  func `RET is FULL or HDRS`(_ given: String, _ written: String) throws {
    #expect(text(try DeliveryStatus.Return(bytes(given)).text) == written)
  }

  @Test(arguments: ["", "FULL ", "HDR", "FULL,HDRS", "NONE", "FULL\0"])
  func `RET is nothing else`(_ given: String) {
    let refusal = #expect(throws: DeliveryStatus.Refusal.self) {
      try DeliveryStatus.Return(bytes(given))
    }
    #expect(refusal?.reason.text == "must be FULL or HDRS")
  }

  // MARK: NOTIFY

  @Test(arguments: [
    ("NEVER", "NEVER"), ("never", "NEVER"), ("SUCCESS", "SUCCESS"),
    ("success,Failure,DELAY", "SUCCESS,FAILURE,DELAY"), ("DELAY, SUCCESS", "DELAY,SUCCESS"),
    ("\tDELAY ", "DELAY"), ("SUCCESS,success", "SUCCESS"), ("NEVER,never", "NEVER"),
  ])
  func `NOTIFY is a list without repetitions`(_ given: String, _ written: String) throws {
    #expect(text(try DeliveryStatus.Notify(bytes(given)).text) == written)
  }

  @Test(arguments: [
    "", ",", "SUCCESS,", ",SUCCESS", "SUCCESS,,DELAY", "SUCCESS;DELAY", "SUCCESS DELAY", "ALWAYS",
    "SUC CESS", "NE\tVER", "DELAY, SUC CESS",
    "SUCCESS\r\n", "SUCCESS\0",
  ])
  func `NOTIFY has no words of its own`(_ given: String) {
    let refusal = #expect(throws: DeliveryStatus.Refusal.self) {
      try DeliveryStatus.Notify(bytes(given))
    }
    #expect(refusal?.reason.text == "must be NEVER, or a list of SUCCESS, FAILURE and DELAY")
  }

  /// RFC 3461 section 4.1.
  @Test(arguments: ["NEVER,SUCCESS", "DELAY,NEVER", "SUCCESS,NEVER,FAILURE", "never,delay"])
  func `NEVER excludes the others`(_ given: String) {
    let refusal = #expect(throws: DeliveryStatus.Refusal.self) {
      try DeliveryStatus.Notify(bytes(given))
    }
    #expect(refusal?.reason.text == "must have NEVER alone")
  }

  // MARK: ENVID

  @Test(arguments: ["a", "QQ314159", "a b+c=d", "~", " ", String(repeating: "=", count: 33)])
  func `ENVID is kept as it was given`(_ given: String) throws {
    #expect(text(try DeliveryStatus.EnvelopeIdentifier(bytes(given)).text) == given)
  }

  @Test(arguments: [
    "", String(repeating: "a", count: 101), String(repeating: "=", count: 34), "a\tb", "a\r\nb",
    "\0", "\u{7F}", "é",
  ])
  func `ENVID is 1 to 100 printable characters`(_ given: String) {
    let refusal = #expect(throws: DeliveryStatus.Refusal.self) {
      try DeliveryStatus.EnvelopeIdentifier(bytes(given))
    }
    #expect(refusal?.reason.text == "must be 1 to 100 printable ASCII characters when encoded")
  }

  // MARK: ORCPT

  @Test(arguments: [
    ("a@x.example", "rfc822;a@x.example"), ("a+b=c@x.example", "rfc822;a+2Bb+3Dc@x.example"),
    ("\"a b\"@x.example", "rfc822;\"a+20b\"@x.example"), ("X400;/c=us/", "X400;/c+3Dus/"),
    ("rfc822;\"a;b\"@x.example", "rfc822;\"a;b\"@x.example"),
    ("é@x.example", "utf-8;\\x{E9}@x.example"), ("utf-8;a@é", "utf-8;a@\\x{E9}"),
    ("utf-8;a@x.example", "utf-8;a@x.example"),
  ])
  func `ORCPT has a type and an encoded address`(_ given: String, _ written: String) throws {
    let recipient = try DeliveryStatus.OriginalRecipient(bytes(given))
    #expect(text(recipient.parameter) == "ORCPT=" + written)
    #expect(text(recipient.text) == given)
  }

  @Test(arguments: [
    "", ";a", "rfc822;", ";", "a b;c", "rfc_822;a", "a\r\nb", "a\0", "\u{7F}", "é;a",
  ])
  func `ORCPT is nothing that is not an address`(_ given: String) {
    let result = Result { try DeliveryStatus.OriginalRecipient(bytes(given)) }
    #expect(throws: DeliveryStatus.Refusal.self) { try result.get() }
  }

  @Test(arguments: [[0xFF], [0x61, 0xC3], [0xED, 0xA0, 0x80], [0xC0, 0x80]] as [[UInt8]])
  func `ORCPT is UTF-8`(_ given: [UInt8]) {
    let refusal = #expect(throws: DeliveryStatus.Refusal.self) {
      try DeliveryStatus.OriginalRecipient(given)
    }
    #expect(refusal?.reason.text == "must be an address")
  }

  /// RFC 3461 section 4.2: the encoded form counts, with its type.
  @Test func `ORCPT has 500 octets at most`() throws {
    let longest = String(repeating: "a", count: 493)
    #expect(try DeliveryStatus.OriginalRecipient(bytes(longest)).parameter.count == 506)
    let encoded = String(repeating: "+", count: 164) + "a"
    #expect(try DeliveryStatus.OriginalRecipient(bytes(encoded)).parameter.count == 506)
    for given in [longest + "a", encoded + "a", "x" + encoded] {
      let refusal = #expect(throws: DeliveryStatus.Refusal.self) {
        try DeliveryStatus.OriginalRecipient(bytes(given))
      }
      #expect(refusal?.reason.text == "must not be longer than 500 octets when encoded")
    }
  }

  /// The form with `\x{}` belongs to utf-8 alone (RFC 6533 section 3), even where
  /// the address is ASCII.
  @Test func `the type decides how the address is encoded`() throws {
    let backslash = try DeliveryStatus.OriginalRecipient(bytes("UTF-8;\"a\\\\b\"@x.example"))
    #expect(text(backslash.parameter) == "ORCPT=UTF-8;\"a\\x{5C}\\x{5C}b\"@x.example")
    #expect(throws: DeliveryStatus.Refusal.self) {
      try DeliveryStatus.OriginalRecipient(bytes("rfc822;é@x.example"))
    }
  }
}
