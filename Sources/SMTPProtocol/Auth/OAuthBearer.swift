/// OAUTHBEARER (RFC 7628): an access token in one message, with the name of the server that it is
/// for. A server that refuses the token explains the reason in a challenge, in JSON, and waits for
/// a dummy response before it sends the refusal (section 3.2.3).
package final class OAuthBearer: Mechanism {
  /// The server as the caller has named it; what is nil is not sent.
  package struct Server {
    package var host: [UInt8]?
    package var port: Int?

    package init(host: [UInt8]?, port: Int?) {
      self.host = host
      self.port = port
    }
  }

  package let name = Bytes.of("OAUTHBEARER")
  package private(set) var remark: [UInt8]?
  package let secret: Secret?
  private let message: Secret
  private let cryptography: any Cryptography
  /// Of each text of the error; it is for a person.
  static let explanationLimit = 160

  /// `identity`: the user, or who to act as.
  package init(
    identity: [UInt8], token: Secret, server: Server, _ cryptography: any Cryptography
  ) {
    secret = token
    self.cryptography = cryptography
    let separator: ArraySlice<UInt8> = [1]
    var parts = [Bytes.of("n,a=")[...], ScramMessage.escaped(identity)[...], [.comma], separator]
    if let host = server.host { parts += [Bytes.of("host=")[...], host[...], separator] }
    if let port = server.port {
      parts += [Bytes.of("port=")[...], Bytes.decimal(UInt64(clamping: port))[...], separator]
    }
    parts += [Bytes.of("auth=Bearer ")[...], token.bytes[...], separator, separator]
    message = .joined(parts, cryptography)
  }

  /// A text that is not JSON is the reason too.
  package var reading: ChallengeReading { .decodedOrRaw }
  package var initialResponse: [UInt8]? { message.bytes }
  package var isComplete: Bool { remark == nil }

  package func answer(_ challenge: [UInt8]) -> MechanismAnswer {
    if remark != nil { return .cancel("the server sent a second error challenge") }
    remark = explanation(challenge)
    return .response([1])
  }

  /// "status invalid_token, scope mail"; what is no such error, as received.
  private func explanation(_ challenge: [UInt8]) -> [UInt8] {
    guard let json = JSONObject(challenge, cryptography) else { return challenge }
    let names = ["status", "scope", "openid-configuration"] as [StaticString]
    var text: ErrorText = ""
    for name in names {
      guard let value = json.string(name)?.bytes, !value.isEmpty else { continue }
      if !text.bytes.isEmpty { text += ", " }
      // A part of the token would not be recognized later.
      let isEcho = secret?.isPart(of: value, atLeast: 4) ?? false
      let shown = Bytes.printable(isEcho ? Command.mask : value, limit: Self.explanationLimit)
      text += "\(ErrorText(bytes: Bytes.of(name))) \(shown)"
    }
    return text.bytes.isEmpty ? challenge : text.bytes
  }
}
