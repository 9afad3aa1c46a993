import Testing

@testable import SMTPProtocol

/// The option auth_method, and what is missing before a server is asked.
@Suite struct MechanismListTests {
  private func names(_ names: [[UInt8]]) -> String {
    names.map { text($0) }.joined(separator: " ")
  }

  @Test(
    arguments: [
      ("plain", "PLAIN", ""), ("PLAIN LOGIN", "PLAIN LOGIN", ""), ("b,a", "B A", ""),
      (" , x-1 ,, y ", "X-1 Y", ""), ("-login", "", "LOGIN"), ("-A,-B", "", "A B"),
      ("SCRAM-SHA-256 -PLAIN", "SCRAM-SHA-256", "PLAIN"),
    ])
  func `names are wanted, and with a hyphen forbidden`(
    _ given: String, _ wanted: String, _ forbidden: String
  ) throws {
    let list = try MechanismList(bytes(given))
    #expect(names(list.wanted) == wanted)
    #expect(names(list.forbidden) == forbidden)
  }

  @Test(arguments: ["", " ", ",", "-", "--PLAIN", "PLAIN;LOGIN", "PLAIN\tLOGIN", "+LOGIN", "é"])
  func `what is no list is refused`(_ given: String) {
    let failure = #expect(throws: Failure.self) { try MechanismList(bytes(given)) }
    #expect(failure?.message.hasPrefix("auth_method must be names of SASL mechanisms") == true)
    #expect(failure?.code == .options)
  }

  @Test func `a name cannot be wanted and forbidden`() {
    let failure = #expect(throws: Failure.self) { try MechanismList(bytes("PLAIN -plain")) }
    #expect(failure?.message == "auth_method names PLAIN and forbids it; give only one")
  }

  /// A wrong name that is to be forbidden would leave the right one allowed.
  @Test func `a name of nothing is found, forbidden or not`() throws {
    let own = [bytes("X-OWN")]
    #expect(try MechanismList(bytes("PLAIN X-OWN -LOGIN")).unknown(custom: own) == nil)
    #expect(try MechanismList(bytes("-PLAN")).unknown(custom: own) == bytes("PLAN"))
    #expect(try MechanismList(bytes("PLAIN X-OTHER")).unknown(custom: own) == bytes("X-OTHER"))
    #expect(MechanismList.automatic.unknown(custom: own) == nil)
  }

  private func lack(
    _ list: String?, hasUser: Bool = true, hasPassword: Bool = false, hasToken: Bool = false,
    hasCertificate: Bool = false, hasAuthorization: Bool = false, custom: [String] = []
  ) throws -> String? {
    var means = MechanismChoice.Means(
      hasPassword: hasPassword, hasToken: hasToken, hasAuthorization: hasAuthorization,
      custom: custom.map { bytes($0) }, isConfidential: true)
    means.hasUser = hasUser
    means.hasCertificate = hasCertificate
    let list = try list.map { try MechanismList(bytes($0)) } ?? .automatic
    return MechanismChoice.lack(list, means)?.text
  }

  @Test func `what is missing is named`() throws {
    #expect(try lack(nil) == "the password is missing")
    #expect(try lack(nil, hasUser: false, hasPassword: true) == "the user is missing")
    #expect(try lack("PLAIN", hasToken: true) == "the password is missing")
    #expect(
      try lack("XOAUTH2", hasPassword: true)
        == "the access token is missing, and every means to get one")
    #expect(try lack("PLAIN XOAUTH2", hasToken: true) == nil)
    #expect(try lack("EXTERNAL", hasUser: false) == nil)
    #expect(try lack("ANONYMOUS", hasUser: false) == nil)
    #expect(try lack(nil, hasUser: false, hasCertificate: true) == nil)
    let others = BuiltInMechanism.all.filter { $0.proof == .password || $0.proof == .token }
    let external = others.map { "-" + text($0.name) }.joined(separator: " ")
    #expect(try lack(external, hasPassword: true) == "tls_certificate is missing")
    #expect(try lack(nil, hasUser: false, custom: ["X-OWN"]) == nil)
    #expect(try lack("-X-OWN", hasUser: false, custom: ["X-OWN"]) == "the user is missing")
    let all = BuiltInMechanism.all.map { "-" + text($0.name) }.joined(separator: " ")
    #expect(try lack(all, hasPassword: true) == "auth_method forbids every mechanism")
  }

  @Test func `an authorization identity needs a mechanism that has a place for it`() throws {
    #expect(try lack(nil, hasPassword: true, hasAuthorization: true) == nil)
    #expect(try lack("LOGIN PLAIN", hasPassword: true, hasAuthorization: true) == nil)
    let scram = ScramVariant.all.map { "-" + text($0.name) }.joined(separator: " ")
    #expect(try lack("-PLAIN", hasPassword: true, hasAuthorization: true) == nil)
    for list in ["LOGIN", "XOAUTH2 LOGIN", "ANONYMOUS", "-PLAIN -EXTERNAL -OAUTHBEARER \(scram)"] {
      let text = try lack(list, hasPassword: true, hasAuthorization: true)
      #expect(text?.hasSuffix("which auth_method leaves out") == true)
      #expect(text?.contains("PLAIN") == true)
    }
    #expect(try lack(nil, hasToken: true, hasAuthorization: true) == nil)
    #expect(try lack("EXTERNAL", hasUser: false, hasAuthorization: true) == nil)
    #expect(try lack("PLAIN", hasToken: true, hasAuthorization: true) == "the password is missing")
  }
}
