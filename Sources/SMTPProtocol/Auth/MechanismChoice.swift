/// Which mechanism to log in with.
package enum MechanismChoice {
  /// Best first: one round trip before two.
  package static var known: [[UInt8]] { [Bytes.of("PLAIN"), Bytes.of("LOGIN")] }

  package static func isKnown(_ name: [UInt8]) -> Bool {
    known.contains(Bytes.uppercased(name))
  }

  /// The wanted mechanism if the server offers it, else the best that it does.
  package static func choose(
    wanted: [UInt8]?, offered: [[UInt8]], credentials: Credentials,
    _ cryptography: any Cryptography
  ) throws(Failure) -> any Mechanism {
    if offered.isEmpty {
      throw refusal("the server offers no authentication on this connection")
    }
    let candidates = wanted.map { [Bytes.uppercased($0)] } ?? known
    for name in candidates where offered.contains(name) {
      if name == Bytes.of("PLAIN") { return Plain(credentials, cryptography) }
      if name == Bytes.of("LOGIN") { return Login(credentials) }
    }
    let list = Bytes.printable(Array(offered.joined(separator: Bytes.of(", "))))
    if let wanted {
      throw refusal("the server does not offer \(Bytes.printable(wanted)), only \(list)")
    }
    throw refusal("the server offers no mechanism that fits a user and password, only \(list)")
  }

  private static func refusal(_ text: String) -> Failure {
    Failure(.auth, text, command: "AUTH", phase: .auth)
  }
}
