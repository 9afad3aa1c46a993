/// CRAM-MD5 (RFC 2195): the user name and a keyed digest of the server's challenge.
/// The password itself is not sent, but a listener can search for it offline: better
/// than PLAIN without TLS, worse than TLS.
package final class CramMD5: Mechanism {
  package let name = Bytes.of("CRAM-MD5")
  package private(set) var isComplete = false
  package private(set) var givesWay = false
  private let credentials: Credentials
  private let cryptography: any Cryptography

  package init(_ credentials: Credentials, _ cryptography: any Cryptography) {
    self.credentials = credentials
    self.cryptography = cryptography
  }

  package var secret: Secret? { credentials.password }
  package var initialResponse: [UInt8]? { nil }

  package func answer(_ challenge: [UInt8]) -> MechanismAnswer {
    if isComplete { return .cancel("the server sent another challenge after CRAM-MD5") }
    guard let digest = cryptography.hmac(.md5, key: credentials.password.bytes, challenge) else {
      givesWay = true
      return .cancel("this system does not allow MD5")
    }
    isComplete = true
    return .response(credentials.user.bytes + [.space] + Bytes.hexadecimal(digest))
  }
}
