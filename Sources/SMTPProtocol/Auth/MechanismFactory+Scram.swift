/// SCRAM depends on more than the credentials: on the TLS connection, and on what else the server
/// offers.
extension MechanismFactory {
  func make(_ variant: ScramVariant) -> Made {
    for (field, text) in [
      ("user", credentials.user.bytes), ("password", credentials.password.bytes),
      ("authorization_identity", authorization),
    ] where !SaslPrep.keeps(text) {
      return .unfit(
        "the \(field) has octets that are not UTF-8, or a character that SASLprep (RFC 4013) changes,"
          + " forbids or cannot be sure of; with TLS the mechanism PLAIN takes it")
    }
    let header: [UInt8]
    var bound: (kind: ChannelBinding.Kind, octets: [UInt8])?
    switch channel.binding {
    case .missing(let kind):
      return .refused(
        Failure(
          .auth,
          "channel_binding is \(Bytes.printable(kind.name)), which this connection does not have; it"
            + " needs TLS and depends on its version", command: "AUTH", phase: .auth,
          kind: .loginChannelBinding))
    case .available(let kind, let octets) where variant.isBound:
      header = Bytes.of("p=") + kind.name
      bound = (kind, octets)
    case .none where variant.isBound:
      return .unfit(
        "\(Bytes.printable(variant.name)) needs channel binding, which this connection does not"
          + " have: there is no TLS, or channel_binding is none")
    // RFC 5802 section 6: a server that offers it nevertheless detects that somebody has removed
    // that from its offer.
    case .available where !channel.isOffered:
      header = Bytes.of("y")
    case .available, .none:
      header = Bytes.of("n")
    }
    // Who acts as itself does not say so: Dovecot would take it for somebody else.
    let isOneself = authorization.isEmpty || authorization == credentials.user.bytes
    let identity = isOneself ? [] : Bytes.of("a=") + ScramMessage.escaped(authorization)
    let scram = Scram(
      variant, credentials, header: header + [.comma] + identity + [.comma], bound?.kind,
      bound?.octets ?? [], cryptography)
    return scram.map { .mechanism($0) } ?? .unfit("this system provides no random octets")
  }
}
