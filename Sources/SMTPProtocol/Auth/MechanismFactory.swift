/// Makes the mechanisms of this library: the one place where a name becomes an exchange. Another
/// mechanism is a file beside this one, its name and its place in the order in MechanismChoice, and
/// a branch here.
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
    if name == MechanismChoice.plain {
      return .mechanism(Plain(credentials, authorization: authorization, cryptography))
    }
    if name == MechanismChoice.login {
      return .mechanism(Login(credentials, givesUserFirst: givesUserFirst))
    }
    if name == MechanismChoice.cramMD5 { return .mechanism(CramMD5(credentials, cryptography)) }
    if name == MechanismChoice.xoauth2 {
      guard let token else { return .needsToken }
      return .mechanism(XOAuth2(user: credentials.user, token: token, cryptography))
    }
    return .unknown
  }
}
