/// XOAUTH2, as Google and Microsoft document it.
package final class XOAuth2: TokenMessage {
  package init(user: Secret, token: Secret, _ cryptography: any Cryptography) {
    let parts = [
      Bytes.of("user=")[...], user.bytes[...], [1], Bytes.of("auth=Bearer ")[...],
      token.bytes[...], [1, 1],
    ]
    super.init("XOAUTH2", parts, token, dummy: [], cryptography)
  }
}
