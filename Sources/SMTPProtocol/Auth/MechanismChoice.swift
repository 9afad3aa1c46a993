/// Which mechanisms to log in with, and in which order.
package enum MechanismChoice {
  /// What the caller has given.
  package struct Means {
    package var hasUser = true
    package var hasPassword: Bool
    package var hasToken: Bool
    /// The server is shown a certificate when it asks for one.
    package var hasCertificate = false
    /// There is an authorization identity, for which not every mechanism has a place.
    package var hasAuthorization: Bool
    /// A login can be tied to the TLS connection.
    package var hasBinding: Bool
    /// Names of the caller's own mechanisms, upper case.
    package var custom: [[UInt8]]
    /// Nobody can listen: TLS, loopback, or a Unix domain socket.
    package var isConfidential: Bool
    /// allow_insecure_auth: log in even where somebody may listen.
    package var allowsClear: Bool

    package init(
      hasPassword: Bool, hasToken: Bool, hasAuthorization: Bool = false, hasBinding: Bool = false,
      custom: [[UInt8]], isConfidential: Bool, allowsClear: Bool = false
    ) {
      self.hasAuthorization = hasAuthorization
      self.hasBinding = hasBinding
      self.allowsClear = allowsClear
      self.hasPassword = hasPassword
      self.hasToken = hasToken
      self.custom = custom
      self.isConfidential = isConfidential
    }
  }

  /// RFC 4422 section 3.1: 1 to 20 upper-case letters, digits, hyphens and underscores. None is
  /// registered that begins with a hyphen, which forbids one in `MechanismList`.
  package static func isName(_ name: [UInt8]) -> Bool {
    (1...20).contains(name.count) && name.first != .hyphen
      && Bytes.uppercased(name).allSatisfy {
        Bytes.isLetter($0) || Bytes.isDigit($0) || $0 == .hyphen || $0 == .underscore
      }
  }

  /// With channel binding.
  package static func isBound(_ name: [UInt8]) -> Bool { ScramVariant(name)?.isBound == true }

  /// The mechanisms to try, one after the other: those of the list, or all, that the server
  /// offers and the means allow.
  package static func candidates(
    _ list: MechanismList, offered: [[UInt8]], means: Means
  ) throws(Failure) -> [[UInt8]] {
    if offered.isEmpty {
      throw refusal("the server offers no authentication on this connection")
    }
    let fitting = fitting(list, means)
    let candidates = fitting.filter { offered.contains($0) }
    if candidates.isEmpty { throw nothingOffered(list, fitting, offered, means) }
    // SCRAM and CRAM-MD5 do not send the password, but a listener can search for it offline.
    // A custom mechanism is the caller's responsibility.
    let allowed = candidates.filter {
      means.isConfidential || means.allowsClear || means.custom.contains($0)
        || !(BuiltInMechanism.named($0)?.proof.isSecret ?? true)
    }
    if allowed.isEmpty {
      throw refusal(
        "the password or token is not sent over a connection without TLS; use secure or"
          + " require_tls, or set allow_insecure_auth", .loginEncryption)
    }
    return allowed
  }

  /// What can be used with the means, whatever a server offers, each once. A mechanism of the
  /// caller's is before those of this library.
  package static func fitting(_ list: MechanismList, _ means: Means) -> [[UInt8]] {
    let order =
      list.wanted.isEmpty ? means.custom + BuiltInMechanism.all(means.hasBinding) : list.wanted
    var fitting: [[UInt8]] = []
    for name in order
    where !fitting.contains(name) && !list.forbidden.contains(name)
      && (means.custom.contains(name) || isUsable(name, means, byName: !list.wanted.isEmpty))
    {
      fitting.append(name)
    }
    return fitting
  }

  /// `byName`: a server may know the client by means that are not known here, and whoever wants to
  /// stay anonymous says so.
  private static func isUsable(_ name: [UInt8], _ means: Means, byName: Bool) -> Bool {
    guard let mechanism = BuiltInMechanism.named(name),
      mechanism.carriesAuthorization || !means.hasAuthorization
    else { return false }
    switch mechanism.proof {
    case .password: return means.hasUser && means.hasPassword
    case .token: return means.hasUser && means.hasToken
    case .certificate: return byName || means.hasCertificate
    case .nothing: return byName
    }
  }

  /// What is missing before a server is asked; nil when at least one mechanism can be used.
  package static func lack(_ list: MechanismList, _ means: Means) -> ErrorText? {
    guard fitting(list, means).isEmpty else { return nil }
    var possible = BuiltInMechanism.all.filter { !list.forbidden.contains($0.name) }
    if !list.wanted.isEmpty { possible.removeAll { !list.wanted.contains($0.name) } }
    if possible.isEmpty { return "auth_method forbids every mechanism" }
    if means.hasAuthorization, !possible.contains(where: { $0.carriesAuthorization }) {
      let carriers = BuiltInMechanism.all.filter { $0.carriesAuthorization }.map { $0.name }
      return
        "an authorization_identity needs \(joined(carriers, " or ")), which auth_method leaves out"
    }
    if !means.hasUser, possible.contains(where: { $0.proof.isSecret }) {
      return "the user is missing"
    }
    if possible.contains(where: { $0.proof == .password }) { return "the password is missing" }
    if possible.contains(where: { $0.proof == .token }) {
      return "the access token is missing, and every means to get one"
    }
    return "tls_certificate is missing"
  }

  private static func nothingOffered(
    _ list: MechanismList, _ fitting: [[UInt8]], _ offered: [[UInt8]], _ means: Means
  ) -> Failure {
    let only = joined(offered)
    if !list.wanted.isEmpty, !list.wanted.contains(where: { offered.contains($0) }) {
      return refusal("the server does not offer \(joined(list.wanted, " or ")), only \(only)")
    }
    if means.hasAuthorization {
      return refusal(
        "the authorization_identity needs \(joined(fitting, " or ")), and the server offers only"
          + " \(only)")
    }
    let forbidden: ErrorText =
      list.forbidden.isEmpty ? "" : "; auth_method forbids \(joined(list.forbidden))"
    return refusal(
      "the server offers no mechanism that fits what was given, only \(only)\(forbidden)")
  }

  /// Names for a person, in a text of bounded length.
  package static func joined(_ names: [[UInt8]], _ separator: StaticString = ", ") -> ErrorText {
    Bytes.printable(Bytes.joined(names, separator), limit: 300)
  }

  private static func refusal(
    _ text: ErrorText, _ kind: FailureKind = .loginMechanism
  ) -> Failure {
    Failure(.auth, text, command: "AUTH", phase: .auth, kind: kind)
  }
}
