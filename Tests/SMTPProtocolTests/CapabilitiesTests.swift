import Testing

@testable import SMTPProtocol

/// RFC 5321 section 4.1.1.1.
@Suite struct CapabilitiesTests {
  private func offered(_ lines: String...) -> Capabilities { offered(lines) }

  private func offered(_ lines: [String]) -> Capabilities {
    Capabilities(reply: Reply(code: 250, lines: [bytes("mx.example")] + lines.map { bytes($0) }))
  }

  @Test func `keywords are found in every line but the first`() {
    let capabilities = offered("PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 1000", "STARTTLS")
    #expect(capabilities.pipelining && capabilities.eightBitMIME && capabilities.smtpUTF8)
    #expect(capabilities.size && capabilities.sizeLimit == 1000)
    #expect(capabilities.has(bytes("STARTTLS")))
    #expect(!capabilities.has(bytes("DSN")))
    #expect(capabilities.lines.count == 5)
  }

  @Test(arguments: [
    "mail-STARTTLS-AUTH-SIZE-DSN", "mx.example STARTTLS AUTH PLAIN SIZE 10 DSN PIPELINING",
    "PIPELINING", "SIZE 10", "AUTH PLAIN",
  ])
  func `words in the greeting of the server are no keywords`(_ greeting: String) {
    for lines in [[greeting], [greeting, "HELP"]] {
      let capabilities = Capabilities(reply: Reply(code: 250, lines: lines.map { bytes($0) }))
      for keyword in ["STARTTLS", "AUTH", "SIZE", "DSN", "PIPELINING", "mx.example"] {
        #expect(!capabilities.has(bytes(keyword)))
      }
      #expect(!capabilities.pipelining && !capabilities.size)
      #expect(capabilities.mechanisms.isEmpty)
    }
  }

  @Test(arguments: [
    "X-DSN-OFF", "NO-STARTTLS", "STARTTLSX", "XSTARTTLS", "X STARTTLS", " STARTTLS",
    "STARTTLS-OFF", "DSN,STARTTLS", "START TLS", "STARTTLS=1", "STARTTLS\u{A0}", "",
  ])
  func `a keyword is a whole word at the beginning of its line`(_ line: String) {
    let capabilities = offered(line)
    #expect(!capabilities.has(bytes("STARTTLS")))
    #expect(!capabilities.has(bytes("DSN")))
  }

  @Test(arguments: ["pipelining", "Pipelining", "PIPELINING ", "PIPELINING x", "PiPeLiNiNg\tx"])
  func `the case of a keyword and what follows it do not matter`(_ line: String) {
    #expect(offered(line).pipelining)
  }

  @Test func `the case of letters is folded, not that of other characters`() {
    // "[" and "{" differ in the same bit as letters do.
    #expect(!Bytes.equalIgnoringCase(bytes("A[@"), bytes("a{`")))
    #expect(!offered("8bitmim\u{5}").eightBitMIME)
  }

  @Test func `an empty keyword line and lines that are no keywords are harmless`() {
    let capabilities = offered("", " ", "\t", "=", "AUTH", "\u{FFFD} é", "PIPELINING", "")
    #expect(capabilities.pipelining)
    #expect(capabilities.mechanisms.isEmpty)
    #expect(capabilities.parameters(of: bytes("AUTH")) == [])
  }

  @Test func `the parameters are the text after the spaces`() {
    let capabilities = offered("LIMITS  RCPTMAX=10 MAILMAX=5", "DSN")
    #expect(capabilities.parameters(of: bytes("limits")).map { text($0) } == "RCPTMAX=10 MAILMAX=5")
    #expect(capabilities.parameters(of: bytes("DSN")) == [])
    #expect(capabilities.parameters(of: bytes("HELP")) == nil)
  }

  /// RFC 1870 section 4: no number, or 0, means no fixed limit.
  @Test(
    arguments: [
      ("SIZE 1000", 1000), ("size 1000", 1000), ("SIZE  1000", 1000), ("SIZE 1000 x", 1000),
      ("SIZE 00010", 10), ("SIZE 18446744073709551615", UInt64.max), ("SIZE", nil), ("SIZE ", nil),
      ("SIZE 0", nil), ("SIZE 000", nil), ("SIZE 18446744073709551616", nil),
      ("SIZE 99999999999999999999999999999999", nil), ("SIZE 10M", nil), ("SIZE -1", nil),
      ("SIZE +1", nil), ("SIZE 1.5", nil), ("SIZE x", nil), ("SIZE \u{661}", nil),
    ] as [(String, UInt64?)])
  func `SIZE gives a limit if it has a number`(_ line: String, _ limit: UInt64?) {
    let capabilities = offered(line)
    #expect(capabilities.size)
    #expect(capabilities.sizeLimit == limit)
  }

  @Test func `without SIZE there is neither the keyword nor a limit`() {
    #expect(!offered("SIZES 1000").size)
    #expect(offered("SIZES 1000").sizeLimit == nil)
  }

  @Test(arguments: [
    (["AUTH PLAIN LOGIN"], ["PLAIN", "LOGIN"]),
    (["AUTH LOGIN PLAIN"], ["LOGIN", "PLAIN"]),
    (["auth plain Login"], ["PLAIN", "LOGIN"]),
    (["AUTH=LOGIN"], ["LOGIN"]),
    (["AUTH=LOGIN PLAIN"], ["LOGIN", "PLAIN"]),
    (["AUTH =LOGIN"], ["LOGIN"]),
    (["AUTH PLAIN", "AUTH=PLAIN LOGIN"], ["PLAIN", "LOGIN"]),
    (["AUTH  PLAIN   PLAIN plain "], ["PLAIN"]),
    (["AUTH"], []),
    (["AUTH="], []),
    (["AUTH PLAIN-CLIENTTOKEN"], ["PLAIN-CLIENTTOKEN"]),
    (["XAUTH PLAIN", "AUTHX LOGIN", "HELP AUTH PLAIN"], []),
  ])
  func `mechanisms come in the order of the server, each once`(
    _ lines: [String], _ mechanisms: [String]
  ) {
    let reply = Reply(code: 250, lines: [bytes("mx.example")] + lines.map { bytes($0) })
    #expect(Capabilities(reply: reply).mechanisms.map { text($0) } == mechanisms)
  }

  /// What is asked about AUTH agrees with what is used of it.
  @Test(
    arguments: [
      (["AUTH PLAIN  Login"], "PLAIN  Login"),
      (["AUTH"], ""),
      (["AUTH=LOGIN PLAIN"], "LOGIN PLAIN"),
      (["auth=LOGIN plain"], "LOGIN PLAIN"),
      (["AUTH="], ""),
      (["AUTH =LOGIN"], "LOGIN"),
      (["AUTH PLAIN", "AUTH=PLAIN LOGIN"], "PLAIN LOGIN"),
      (["AUTH=LOGIN", "AUTH CRAM-MD5"], "LOGIN CRAM-MD5"),
      (["SIZE", "XAUTH PLAIN"], nil),
    ] as [([String], String?)])
  func `the older form of AUTH counts as AUTH`(_ lines: [String], _ parameters: String?) {
    let reply = Reply(code: 250, lines: [bytes("mx.example")] + lines.map { bytes($0) })
    let capabilities = Capabilities(reply: reply)
    for keyword in ["AUTH", "auth"] {
      #expect(capabilities.parameters(of: bytes(keyword)).map { text($0) } == parameters)
      #expect(capabilities.has(bytes(keyword)) == (parameters != nil))
    }
    for keyword in ["AUTH=LOGIN", "AUTH=", "AUTH=PLAIN"] {
      #expect(!capabilities.has(bytes(keyword)))
    }
  }

  @Test func `of mechanisms without end the first are looked at`() {
    let line = "AUTH " + (0..<1_300).map { "X\($0)" }.joined(separator: " ")
    let capabilities = offered(["AUTH PLAIN"] + Array(repeating: line, count: 8))
    #expect(capabilities.mechanisms.count == Capabilities.mechanismLimit)
    #expect(capabilities.mechanisms.first == bytes("PLAIN"))
    let repeated = offered(Array(repeating: "AUTH LOGIN LOGIN", count: 200) + ["AUTH PLAIN"])
    #expect(repeated.mechanisms == [bytes("LOGIN")])
  }

  @Test func `a server that was not asked offers nothing`() {
    #expect(Capabilities.none.lines.isEmpty)
    #expect(!Capabilities.none.pipelining && !Capabilities.none.smtpUTF8)
    #expect(!Capabilities.none.eightBitMIME && !Capabilities.none.size)
  }
}
