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

  /// Seed 2.8 number 3.
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

  private func choose(_ wanted: String?, _ offered: String) throws(Failure) -> String {
    let mechanism = try MechanismChoice.choose(
      wanted: wanted.map { bytes($0) },
      offered: offered.split(separator: " ").map { bytes(String($0)) }, credentials: credentials,
      cryptography)
    return text(mechanism.name)
  }

  @Test(
    arguments: [
      (nil, "PLAIN LOGIN", "PLAIN"), (nil, "LOGIN PLAIN", "PLAIN"), (nil, "LOGIN", "LOGIN"),
      (nil, "CRAM-MD5 LOGIN XOAUTH2", "LOGIN"), ("LOGIN", "PLAIN LOGIN", "LOGIN"),
      ("login", "PLAIN LOGIN", "LOGIN"), ("Plain", "PLAIN LOGIN", "PLAIN"),
    ] as [(String?, String, String)])
  func `the wanted mechanism is chosen, else the best that is offered`(
    _ wanted: String?, _ offered: String, _ chosen: String
  ) throws {
    #expect(try choose(wanted, offered) == chosen)
  }

  /// Seed 2.8 number 1.
  @Test(
    arguments: [
      (nil, "", "the server offers no authentication on this connection"),
      ("PLAIN", "", "the server offers no authentication on this connection"),
      (
        nil, "XOAUTH2 GSSAPI",
        "the server offers no mechanism that fits a user and password, only XOAUTH2, GSSAPI"
      ),
      ("PLAIN", "LOGIN XOAUTH2", "the server does not offer PLAIN, only LOGIN, XOAUTH2"),
      ("\u{1B}x", "LOGIN", "the server does not offer ?x, only LOGIN"),
      (
        nil, "PLAIN-CLIENTTOKEN",
        "the server offers no mechanism that fits a user and password, only PLAIN-CLIENTTOKEN"
      ),
    ] as [(String?, String, String)])
  func `nothing is tried that the server does not offer`(
    _ wanted: String?, _ offered: String, _ message: String
  ) {
    let failure = #expect(throws: Failure.self) { try choose(wanted, offered) }
    #expect(failure?.message == message)
    #expect(failure?.line == "auth, AUTH, auth phase, retry no")
  }

  @Test func `names of mechanisms are known in any case`() {
    #expect(MechanismChoice.isKnown(bytes("plain")))
    #expect(MechanismChoice.isKnown(bytes("LOGIN")))
    #expect(!MechanismChoice.isKnown(bytes("CRAM-MD5")))
    #expect(!MechanismChoice.isKnown(bytes("")))
  }
}
