/// Makes the mechanisms of this library: the one place where a name becomes an exchange.
package struct MechanismFactory {
  let credentials: Credentials
  /// Who to act as; empty for the user itself.
  let authorization: [UInt8]
  let channel: Channel
  private let server: OAuthBearer.Server
  /// LOGIN has the user name as its initial response.
  private let givesUserFirst: Bool
  let cryptography: any Cryptography

  /// What SCRAM needs of the connection.
  package struct Channel {
    package var binding = ChannelBinding.none
    /// The server offers a mechanism with channel binding.
    package var isOffered = false

    package init() {}

    /// `offered`: the mechanisms of the server. `fitting`: those that the client would use: one
    /// that it would not, which an attacker may have put into the offer, does not count then.
    package init(_ binding: ChannelBinding, offered: [[UInt8]], fitting: [[UInt8]] = []) {
      self.binding = binding
      let bound = ScramVariant.all.filter { $0.isBound }.map { $0.name }
      let wanted = bound.filter { fitting.contains($0) }
      isOffered = (wanted.isEmpty ? bound : wanted).contains { offered.contains($0) }
    }

    /// The server says that it does not support a mechanism that it has offered. If that was an
    /// attacker, the server detects it: the next exchange says that there could have been a binding.
    package mutating func isNotSupported(_ name: [UInt8]) {
      if MechanismChoice.isBound(name) { isOffered = false }
    }
  }

  package init(
    _ credentials: Credentials, authorization: [UInt8], channel: Channel = Channel(),
    server: OAuthBearer.Server = OAuthBearer.Server(host: nil, port: nil),
    givesUserFirst: Bool, _ cryptography: any Cryptography
  ) {
    self.credentials = credentials
    self.authorization = authorization
    self.channel = channel
    self.server = server
    self.givesUserFirst = givesUserFirst
    self.cryptography = cryptography
  }

  package enum Made {
    case mechanism(any Mechanism)
    /// It takes an access token, which was not given.
    case needsToken
    /// Not with these credentials or on this connection; another one may do.
    case unfit(ErrorText)
    /// No other one may be tried instead.
    case refused(Failure)
    /// This library has no such mechanism.
    case unknown
  }

  package func make(_ name: [UInt8], token: Secret? = nil) -> Made {
    if name == Bytes.of("PLAIN") {
      return .mechanism(Plain(credentials, authorization: authorization, cryptography))
    }
    if name == Bytes.of("LOGIN") {
      return .mechanism(Login(credentials, givesUserFirst: givesUserFirst))
    }
    if name == Bytes.of("CRAM-MD5") { return .mechanism(CramMD5(credentials, cryptography)) }
    if name == Bytes.of("XOAUTH2") {
      guard let token else { return .needsToken }
      return .mechanism(XOAuth2(user: credentials.user, token: token, cryptography))
    }
    if let variant = ScramVariant(name) { return make(variant) }
    if name == Bytes.of("OAUTHBEARER") {
      guard let token else { return .needsToken }
      return .mechanism(
        OAuthBearer(identity: identity.bytes, token: token, server: server, cryptography))
    }
    if name == Bytes.of("EXTERNAL") { return .mechanism(External(authorization: identity)) }
    if name == Bytes.of("ANONYMOUS") {
      guard Anonymous.isTrace(credentials.user.bytes) else {
        return .unfit("the user, which is the trace of ANONYMOUS, exceeds 255 characters")
      }
      return .mechanism(Anonymous(trace: credentials.user))
    }
    return .unknown
  }

  /// Who to act as. The user is named too where the server could take another one from the
  /// certificate or the token: it accepts this one or refuses.
  private var identity: Secret {
    authorization.isEmpty ? credentials.user : Secret(authorization, cryptography)
  }
}
