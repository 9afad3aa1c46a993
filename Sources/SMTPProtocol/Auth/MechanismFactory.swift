/// Makes the mechanisms of this library: the one place where a name becomes an exchange.
package struct MechanismFactory {
  private let credentials: Credentials
  /// Who to act as; empty for the user itself.
  private let authorization: [UInt8]
  /// LOGIN has the user name as its initial response.
  private let givesUserFirst: Bool
  private let cryptography: any Cryptography

  package init(
    _ credentials: Credentials, authorization: [UInt8], givesUserFirst: Bool,
    _ cryptography: any Cryptography
  ) {
    self.credentials = credentials
    self.authorization = authorization
    self.givesUserFirst = givesUserFirst
    self.cryptography = cryptography
  }

  package enum Made {
    case mechanism(any Mechanism)
    /// It takes an access token, which was not given.
    case needsToken
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
    return .unknown
  }
}
