import Testing

@testable import SMTPProtocol

/// CRAM-MD5, XOAUTH2, and which mechanism is tried when.
@Suite struct SaslMechanismTests {
  private let cryptography = FixedCryptography()
  private let credentials = Credentials(
    user: bytes("tim"), password: bytes("tanstaaf"), FixedCryptography())

  private func response(_ answer: MechanismAnswer) -> String? {
    if case .response(let response) = answer { return text(response) }
    return nil
  }

  private func reason(_ answer: MechanismAnswer) -> String? {
    if case .cancel(let reason) = answer { return reason.text }
    return nil
  }

  // MARK: CRAM-MD5

  /// What `FixedCryptography` makes of "tanstaaf" (8 octets) and "<": each octet
  /// is its place, with 8 and 0x3C.
  private static let digest = "34353637303132333c3d3e3f38393a3b"

  @Test func `CRAM-MD5 says the user and a digest, once`() {
    let mechanism = CramMD5(credentials, cryptography)
    #expect(text(mechanism.name) == "CRAM-MD5")
    #expect(mechanism.initialResponse == nil)
    #expect(mechanism.secret?.bytes == bytes("tanstaaf"))
    #expect(!mechanism.isComplete)
    #expect(response(mechanism.answer(bytes("<1@x>"))) == "tim \(Self.digest)")
    #expect(mechanism.isComplete)
    #expect(
      reason(mechanism.answer(bytes("<2@x>"))) == "the server sent another challenge after CRAM-MD5"
    )
  }

  @Test func `CRAM-MD5 gives up where there is no MD5`() {
    let policy = FixedCryptography()
    policy.isAllowed = false
    let mechanism = CramMD5(credentials, policy)
    #expect(reason(mechanism.answer(bytes("<1@x>"))) == "this system does not allow MD5")
    #expect(!mechanism.isComplete)
    // Nothing was sent: another mechanism may do.
    #expect(mechanism.givesWay)
  }

  // MARK: XOAUTH2

  @Test func `XOAUTH2 says user and token at once`() {
    let user = credentials.user
    let mechanism = XOAuth2(user: user, token: Secret(bytes("ya29.x"), cryptography), cryptography)
    #expect(text(mechanism.name) == "XOAUTH2")
    #expect(
      mechanism.initialResponse.map { text($0) } == "user=tim\u{1}auth=Bearer ya29.x\u{1}\u{1}")
    #expect(mechanism.secret?.bytes == bytes("ya29.x"))
    #expect(mechanism.isComplete && mechanism.remark == nil)
    #expect(response(mechanism.answer(bytes("{}"))) == "")
    #expect(!mechanism.isComplete)
    #expect(mechanism.remark == bytes("{}"))
    #expect(
      reason(mechanism.answer(bytes("{}")))
        == "the server sent a second error challenge")
    #expect(mechanism.remark == bytes("{}"))
  }

  // MARK: Choice

  private func choose(
    _ wanted: String?, _ offered: String, isConfidential: Bool, hasPassword: Bool = true,
    hasToken: Bool = false, custom: [String] = []
  ) throws(Failure) -> String {
    let means = MechanismChoice.Means(
      hasPassword: hasPassword, hasToken: hasToken, custom: custom.map { bytes($0) },
      isConfidential: isConfidential)
    let names = try MechanismChoice.candidates(
      wanted.map { (text) throws(Failure) in try MechanismList(bytes(text)) } ?? .automatic,
      offered: offered.split(separator: " ").map { bytes(String($0)) }, means: means)
    return names.map { text($0) }.joined(separator: " ")
  }

  @Test(arguments: [
    ("PLAIN", "PLAIN CRAM-MD5"), ("LOGIN", "LOGIN CRAM-MD5"), ("XOAUTH2", "PLAIN XOAUTH2"),
    ("CRAM-MD5", "PLAIN CRAM-MD5"),
  ])
  func `what is wanted is not sent in the clear either`(_ wanted: String, _ offered: String) {
    let failure = #expect(throws: Failure.self) {
      try choose(wanted, offered, isConfidential: false, hasToken: true)
    }
    #expect(failure?.message.contains("not sent over a connection without TLS") == true)
    #expect(failure?.line == "auth, AUTH, auth phase, retry no")
  }

  @Test func `a token is not sent in the clear, a mechanism of one's own is`() throws {
    #expect(throws: Failure.self) {
      try choose(nil, "XOAUTH2", isConfidential: false, hasPassword: false, hasToken: true)
    }
    #expect(try choose(nil, "X-OWN PLAIN", isConfidential: false, custom: ["X-OWN"]) == "X-OWN")
    #expect(
      try choose(nil, "X-OWN PLAIN CRAM-MD5", isConfidential: false, custom: ["X-OWN", "X-TWO"])
        == "X-OWN")
  }

  @Test func `without means nothing is tried`() {
    #expect(throws: Failure.self) {
      try choose(nil, "PLAIN XOAUTH2", isConfidential: true, hasPassword: false)
    }
    #expect(throws: Failure.self) {
      try choose(nil, "PLAIN", isConfidential: true, hasPassword: false, hasToken: true)
    }
  }
}
