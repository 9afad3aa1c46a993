/// PLAIN (RFC 4616): `[authzid] NUL authcid NUL passwd`, in one message.
package final class Plain: SingleMessage {
  /// `authorization`: who to act as (authzid); empty for the user itself.
  package init(
    _ credentials: Credentials, authorization: [UInt8] = [], _ cryptography: any Cryptography
  ) {
    let parts = [
      authorization[...], [0], credentials.user.bytes[...], [0], credentials.password.bytes[...],
    ]
    super.init("PLAIN", .joined(parts, cryptography), secret: credentials.password)
  }
}
