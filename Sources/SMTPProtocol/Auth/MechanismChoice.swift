/// Which mechanisms to log in with, and in which order.
package enum MechanismChoice {
  /// What the caller has given.
  package struct Means {
    package var hasPassword: Bool
    package var hasToken: Bool
    /// There is an authorization identity, which only PLAIN can carry.
    package var hasAuthorization: Bool
    /// Names of the caller's own mechanisms, upper case.
    package var custom: [[UInt8]]
    /// Nobody can listen: TLS, loopback, or a Unix domain socket.
    package var isConfidential: Bool
    /// allow_insecure_auth: log in even where somebody may listen.
    package var allowsClear: Bool

    package init(
      hasPassword: Bool, hasToken: Bool, hasAuthorization: Bool = false, custom: [[UInt8]],
      isConfidential: Bool, allowsClear: Bool = false
    ) {
      self.hasAuthorization = hasAuthorization
      self.allowsClear = allowsClear
      self.hasPassword = hasPassword
      self.hasToken = hasToken
      self.custom = custom
      self.isConfidential = isConfidential
    }
  }

  package static var plain: [UInt8] { Bytes.of("PLAIN") }
  package static var login: [UInt8] { Bytes.of("LOGIN") }
  package static var cramMD5: [UInt8] { Bytes.of("CRAM-MD5") }
  package static var xoauth2: [UInt8] { Bytes.of("XOAUTH2") }

  package static var known: [[UInt8]] { [plain, login, cramMD5, xoauth2] }

  /// RFC 4422 section 3.1: 1 to 20 upper-case letters, digits, hyphens and
  /// underscores.
  package static func isName(_ name: [UInt8]) -> Bool {
    (1...20).contains(name.count)
      && Bytes.uppercased(name).allSatisfy {
        Bytes.isLetter($0) || Bytes.isDigit($0) || $0 == .hyphen || $0 == .underscore
      }
  }

  /// The mechanisms to try, one after the other: the wanted one, or all that the
  /// server offers and the means allow. With confidentiality, one round trip comes
  /// before two; without, CRAM-MD5 comes first, which does not send the password.
  package static func candidates(
    wanted: [UInt8]?, offered: [[UInt8]], means: Means
  ) throws(Failure) -> [[UInt8]] {
    if offered.isEmpty {
      throw refusal("the server offers no authentication on this connection")
    }
    let order: [[UInt8]]
    if let wanted {
      order = [wanted]
    } else if means.hasPassword {
      order =
        means.custom
        + (means.isConfidential ? [plain, login, cramMD5] : [cramMD5, plain, login])
    } else {
      order = means.custom + (means.hasToken ? [xoauth2] : [])
    }
    let carriers = order.filter {
      !means.hasAuthorization || $0 == plain || means.custom.contains($0)
    }
    var candidates: [[UInt8]] = []
    for name in carriers where offered.contains(name) && !candidates.contains(name) {
      candidates.append(name)
    }
    if candidates.isEmpty {
      let list = Bytes.printable(Array(offered.joined(separator: Bytes.of(", "))))
      if let wanted {
        throw refusal("the server does not offer \(Bytes.printable(wanted)), only \(list)")
      }
      if means.hasAuthorization {
        throw refusal(
          "the authorization_identity needs PLAIN, and the server offers only \(list)")
      }
      throw refusal("the server offers no mechanism that fits what was given, only \(list)")
    }
    // CRAM-MD5 does not send the password, but a listener can search for it offline.
    // A custom mechanism is the caller's responsibility.
    let allowed = candidates.filter {
      means.isConfidential || means.allowsClear || means.custom.contains($0)
    }
    if allowed.isEmpty {
      throw refusal(
        "the password or token is not sent over a connection without TLS; use secure or"
          + " require_tls, or set allow_insecure_auth", .loginEncryption)
    }
    return allowed
  }

  private static func refusal(
    _ text: ErrorText, _ kind: FailureKind = .loginMechanism
  ) -> Failure {
    Failure(.auth, text, command: "AUTH", phase: .auth, kind: kind)
  }
}
