/// A mechanism of one message with an access token: OAUTHBEARER and XOAUTH2. A server that refuses the
/// token explains the reason in a challenge, in JSON, and waits for a dummy response before it sends the
/// refusal.
package class TokenMessage: Mechanism {
  package let name: [UInt8]
  package private(set) var remark: [UInt8]?
  package let secret: Secret?
  private let message: Secret
  private let dummy: [UInt8]
  private let cryptography: any Cryptography
  /// Of each text of the error; it is for a person.
  static let explanationLimit = 160

  init(
    _ name: StaticString, _ parts: [ArraySlice<UInt8>], _ token: Secret, dummy: [UInt8],
    _ cryptography: any Cryptography
  ) {
    self.name = Bytes.of(name)
    message = .joined(parts, cryptography)
    secret = token
    self.dummy = dummy
    self.cryptography = cryptography
  }

  /// A text that is not JSON is the reason too.
  package var reading: ChallengeReading { .decodedOrRaw }
  package var initialResponse: [UInt8]? { message.bytes }
  package var isComplete: Bool { remark == nil }

  package func answer(_ challenge: [UInt8]) -> MechanismAnswer {
    if remark != nil { return .cancel("the server sent a second error challenge") }
    remark = explanation(challenge)
    return .response(dummy)
  }

  /// "status invalid_token, scope mail"; what is no such error, as received.
  private func explanation(_ challenge: [UInt8]) -> [UInt8] {
    let json = JSONObject(challenge, cryptography)
    var text: ErrorText = ""
    for name in ["status", "scope", "openid-configuration"] as [StaticString] {
      guard let value = json?.string(name)?.bytes, !value.isEmpty else { continue }
      if !text.isEmpty { text += ", " }
      // Before it is cut: less of the token would not be recognized.
      let isEcho = secret?.isPart(of: value, atLeast: 4) ?? false
      let shown = Bytes.printable(isEcho ? Command.mask : value, limit: Self.explanationLimit)
      text += "\(ErrorText(bytes: Bytes.of(name))) \(shown)"
    }
    if !text.isEmpty { return text.bytes }
    // Nor would a token with escapes.
    return challenge.contains(UInt8(ascii: "\\")) ? Command.mask : challenge
  }
}
