import Testing

@testable import SMTPProtocol

@Suite struct MechanismTests {
  private let cryptography = FixedCryptography()
  private let credentials = Credentials(
    user: bytes("tim"), password: bytes("tanstaaf tanstaaf"), FixedCryptography())

  private func response(_ answer: MechanismAnswer) -> String? {
    if case .response(let response) = answer { return text(response) }
    return nil
  }

  private func isCancelled(_ answer: MechanismAnswer) -> Bool {
    if case .cancel = answer { return true }
    return false
  }

  /// RFC 4616 section 2, with an empty authzid.
  @Test func `PLAIN says everything at once`() {
    let plain = Plain(credentials, cryptography)
    #expect(text(plain.name) == "PLAIN")
    #expect(plain.initialResponse.map { text($0) } == "\0tim\0tanstaaf tanstaaf")
    #expect(plain.isComplete)
  }

  @Test func `PLAIN says it again to a server that did not read it, once`() {
    let plain = Plain(credentials, cryptography)
    #expect(response(plain.answer([])) == "\0tim\0tanstaaf tanstaaf")
    #expect(isCancelled(plain.answer([])))
    #expect(isCancelled(plain.answer([])))
  }

  @Test func `LOGIN says user and password in this order, whatever the questions`() {
    let login = Login(credentials)
    #expect(text(login.name) == "LOGIN")
    #expect(login.initialResponse == nil)
    #expect(!login.isComplete)
    #expect(response(login.answer(bytes("Password:"))) == "tim")
    #expect(!login.isComplete)
    #expect(response(login.answer([])) == "tanstaaf tanstaaf")
    #expect(login.isComplete)
    #expect(isCancelled(login.answer(bytes("PIN:"))))
    #expect(!login.isComplete)
  }

  // MARK: Choice

  private func choose(
    _ wanted: String?, _ offered: String, isConfidential: Bool = true, allowsClear: Bool = false,
    hasPassword: Bool = true, hasToken: Bool = false, hasCertificate: Bool = false,
    custom: [String] = []
  ) throws(Failure) -> String {
    var means = MechanismChoice.Means(
      hasPassword: hasPassword, hasToken: hasToken, hasBinding: true,
      custom: custom.map { bytes($0) }, isConfidential: isConfidential, allowsClear: allowsClear)
    means.hasCertificate = hasCertificate
    var list = MechanismList.automatic
    if let wanted { list.wanted = [bytes(wanted)] }
    let names = try MechanismChoice.candidates(
      list,
      offered: offered.split(separator: " ").map { bytes(String($0)) }, means: means)
    return names.map { text($0) }.joined(separator: " ")
  }

  @Test func `in the clear nothing is left, unless it is allowed`() throws {
    let offered = "PLAIN LOGIN CRAM-MD5"
    #expect(
      try choose(nil, offered, isConfidential: false, allowsClear: true) == "CRAM-MD5 PLAIN LOGIN")
    let failure = #expect(throws: Failure.self) { try choose(nil, offered, isConfidential: false) }
    #expect(failure?.message.contains("without TLS") == true)
  }

  /// The order of the library, whatever that of the server is.
  @Test func `the strongest mechanism is first, and the password itself last`() throws {
    let names = BuiltInMechanism.all.map { text($0.name) }
    let offered = names.reversed().joined(separator: " ")
    let chosen = try choose(nil, offered, hasToken: true, hasCertificate: true)
    #expect(chosen.hasSuffix("SCRAM-SHA-1 OAUTHBEARER XOAUTH2 CRAM-MD5 PLAIN LOGIN"))
    #expect(
      chosen.hasPrefix(
        "EXTERNAL SCRAM-SHA-512-PLUS SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-512"
          + " SCRAM-SHA-256 SCRAM-SHA-1 "))
    // It shows nobody who sends: not unless it is wanted.
    #expect(chosen + " ANONYMOUS" == names.joined(separator: " "))
  }

  @Test func `EXTERNAL needs a certificate or its name, and ANONYMOUS its name`() throws {
    let offered = "PLAIN EXTERNAL ANONYMOUS"
    #expect(try choose(nil, offered) == "PLAIN")
    #expect(try choose(nil, offered, hasCertificate: true) == "EXTERNAL PLAIN")
    for name in ["EXTERNAL", "ANONYMOUS"] {
      #expect(try choose(name, offered, hasPassword: false) == name)
      // A listener learns nothing that is secret.
      #expect(try choose(name, offered, isConfidential: false, hasPassword: false) == name)
    }
    #expect(
      try choose(nil, offered, isConfidential: false, hasCertificate: true) == "EXTERNAL")
  }

  @Test func `each is tried once`() throws {
    #expect(try choose(nil, "PLAIN LOGIN", custom: ["LOGIN"]) == "LOGIN PLAIN")
  }

  @Test func `a token is for XOAUTH2, and one's own mechanisms go first`() throws {
    #expect(try choose(nil, "PLAIN XOAUTH2", hasPassword: false, hasToken: true) == "XOAUTH2")
    #expect(try choose(nil, "PLAIN XOAUTH2", hasToken: true) == "XOAUTH2 PLAIN")
    #expect(try choose(nil, "PLAIN X-OWN", custom: ["X-OWN"]) == "X-OWN PLAIN")
  }

  @Test(
    arguments: [
      (nil, "PLAIN LOGIN", "PLAIN LOGIN"), (nil, "LOGIN PLAIN", "PLAIN LOGIN"),
      (nil, "LOGIN", "LOGIN"),
      (nil, "CRAM-MD5 LOGIN XOAUTH2", "CRAM-MD5 LOGIN"), ("LOGIN", "PLAIN LOGIN", "LOGIN"),
      ("PLAIN", "PLAIN LOGIN", "PLAIN"),
    ] as [(String?, String, String)])
  func `the wanted mechanism is chosen, else the best that is offered`(
    _ wanted: String?, _ offered: String, _ chosen: String
  ) throws {
    #expect(try choose(wanted, offered) == chosen)
  }

  @Test(
    arguments: [
      (nil, "", "the server offers no authentication on this connection"),
      ("PLAIN", "", "the server offers no authentication on this connection"),
      (
        nil, "XOAUTH2 GSSAPI",
        "the server offers no mechanism that fits what was given, only XOAUTH2, GSSAPI"
      ),
      ("PLAIN", "LOGIN XOAUTH2", "the server does not offer PLAIN, only LOGIN, XOAUTH2"),
      ("\u{1B}x", "LOGIN", "the server does not offer ?x, only LOGIN"),
      (
        nil, "PLAIN-CLIENTTOKEN",
        "the server offers no mechanism that fits what was given, only PLAIN-CLIENTTOKEN"
      ),
    ] as [(String?, String, String)])
  func `nothing is tried that the server does not offer`(
    _ wanted: String?, _ offered: String, _ message: String
  ) {
    let failure = #expect(throws: Failure.self) { try choose(wanted, offered) }
    #expect(failure?.message == message)
    #expect(failure?.line == "auth, AUTH, auth phase, retry no")
  }

  @Test func `the name of a mechanism is as RFC 4422 has it`() {
    #expect(MechanismChoice.isName(bytes("scram-sha-256")))
    #expect(MechanismChoice.isName(bytes("X_OWN-2")))
    #expect(!MechanismChoice.isName(bytes("")))
    #expect(!MechanismChoice.isName(bytes("A B")))
    #expect(!MechanismChoice.isName(bytes("-A")))
    #expect(!MechanismChoice.isName(bytes(String(repeating: "A", count: 21))))
  }
}

/// Every mechanism that can be chosen can be made.
@Suite struct MechanismFactoryTests {
  private let cryptography = FixedCryptography()

  private func make(_ name: [UInt8], token: Secret?) -> MechanismFactory.Made {
    let credentials = Credentials(user: bytes("u"), password: bytes("p"), cryptography)
    return MechanismFactory(
      credentials, authorization: [],
      channel: .init(.available(.exporter, [1]), offered: BuiltInMechanism.all.map { $0.name }),
      givesUserFirst: false, cryptography
    ).make(name, token: token)
  }

  @Test(arguments: BuiltInMechanism.all.map { $0.name })
  func `a name makes the mechanism of that name`(_ name: [UInt8]) {
    guard case .mechanism(let made) = make(name, token: Secret(bytes("t"), cryptography)) else {
      Issue.record("not made")
      return
    }
    #expect(made.name == name)
  }

  @Test func `a token is asked for where one is needed, and nothing else is made`() {
    for name in BuiltInMechanism.all where name.proof == .token {
      guard case .needsToken = make(name.name, token: nil) else {
        Issue.record("made without its token")
        return
      }
    }
    guard case .unknown = make(bytes("X-OTHER"), token: Secret(bytes("t"), cryptography)) else {
      Issue.record("a name of nothing made something")
      return
    }
  }
}
