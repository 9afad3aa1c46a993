/// OAUTHBEARER (RFC 7628): with the name of the server that the token is for.
package final class OAuthBearer: TokenMessage {
  /// The server as the caller has named it; what is nil is not sent.
  package struct Server {
    package var host: [UInt8]?
    package var port: Int?

    package init(host: [UInt8]?, port: Int?) {
      self.host = host
      self.port = port
    }
  }

  /// `identity`: the user, or who to act as.
  package init(
    identity: [UInt8], token: Secret, server: Server, _ cryptography: any Cryptography
  ) {
    let separator: ArraySlice<UInt8> = [1]
    var parts = [Bytes.of("n,a=")[...], ScramMessage.escaped(identity)[...], [.comma], separator]
    if let host = server.host { parts += [Bytes.of("host=")[...], host[...], separator] }
    if let port = server.port {
      parts += [Bytes.of("port=")[...], Bytes.decimal(UInt64(clamping: port))[...], separator]
    }
    parts += [Bytes.of("auth=Bearer ")[...], token.bytes[...], separator, separator]
    // RFC 7628 section 3.2.3.
    super.init("OAUTHBEARER", parts, token, dummy: [1], cryptography)
  }
}
