/// A mechanism of this library: its name, and what decides whether it is tried. Another one is a
/// file beside this one, a row here, and a branch in MechanismFactory.
package struct BuiltInMechanism {
  /// What it logs in with. A server that refuses one of these is not asked again with another
  /// mechanism for the same: each refusal may count towards locking the account.
  package enum Proof {
    case password, token
    /// What the server knows by other means, such as TLS.
    case certificate
    case nothing

    /// A listener could use it.
    var isSecret: Bool { self == .password || self == .token }
  }

  package let name: [UInt8]
  package let proof: Proof
  /// It has a place for an authorization identity (RFC 4422 section 3.4.1).
  let carriesAuthorization: Bool

  private init(_ name: StaticString, _ proof: Proof, carriesAuthorization: Bool = false) {
    self.init(Bytes.of(name), proof, carriesAuthorization: carriesAuthorization)
  }

  private init(_ name: [UInt8], _ proof: Proof, carriesAuthorization: Bool) {
    self.name = name
    self.proof = proof
    self.carriesAuthorization = carriesAuthorization
  }

  /// The strongest first: what shows the server no secret, SCRAM among it, which has the server
  /// prove itself too; then a token, which is limited in time and scope, and the password last.
  package static var all: [BuiltInMechanism] {
    var all = [BuiltInMechanism("EXTERNAL", .certificate, carriesAuthorization: true)]
    all += ScramVariant.all.map { BuiltInMechanism($0.name, .password, carriesAuthorization: true) }
    return all + [
      BuiltInMechanism("OAUTHBEARER", .token, carriesAuthorization: true),
      BuiltInMechanism("XOAUTH2", .token),
      BuiltInMechanism("CRAM-MD5", .password),
      BuiltInMechanism("PLAIN", .password, carriesAuthorization: true),
      BuiltInMechanism("LOGIN", .password),
      BuiltInMechanism("ANONYMOUS", .nothing),
    ]
  }

  /// The names of all that are possible without a channel binding, or with one.
  static func all(_ hasBinding: Bool) -> [[UInt8]] {
    all.map { $0.name }.filter { hasBinding || !MechanismChoice.isBound($0) }
  }

  package static func named(_ name: [UInt8]) -> BuiltInMechanism? {
    all.first { $0.name == name }
  }
}
