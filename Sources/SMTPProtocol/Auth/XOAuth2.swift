/// XOAUTH2, as Google and Microsoft document it: an access token in one message.
/// A server that refuses the token explains the reason in a challenge, in JSON, and
/// waits for an empty response before it sends the refusal.
package final class XOAuth2: Mechanism {
  package let name = Bytes.of("XOAUTH2")
  package private(set) var remark: [UInt8]?
  package let secret: Secret?
  private let message: Secret

  package init(user: Secret, token: Secret, _ cryptography: any Cryptography) {
    secret = token
    let parts = [
      Bytes.of("user=")[...], user.bytes[...], [1], Bytes.of("auth=Bearer ")[...],
      token.bytes[...], [1, 1],
    ]
    message = .joined(parts, cryptography)
  }

  /// A text that is not JSON is the reason too.
  package var reading: ChallengeReading { .decodedOrRaw }
  package var initialResponse: [UInt8]? { message.bytes }
  package var isComplete: Bool { remark == nil }

  package func answer(_ challenge: [UInt8]) -> MechanismAnswer {
    if remark != nil { return .cancel("the server sent a second error challenge") }
    remark = challenge
    return .response([])
  }
}
