/// XOAUTH2, as Google and Microsoft document it: an access token in one message.
/// A server that does not take it explains why in a challenge, in JSON, and waits
/// for an empty line before it refuses.
package final class XOAuth2: Mechanism {
  package let name = Bytes.of("XOAUTH2")
  package private(set) var remark: [UInt8]?
  private let message: [UInt8]

  package init(user: [UInt8], token: [UInt8]) {
    message =
      Bytes.of("user=") + user + [1] + Bytes.of("auth=Bearer ") + token + [1, 1]
  }

  package var initialResponse: [UInt8]? { message }
  package var isComplete: Bool { remark == nil }

  package func answer(_ challenge: [UInt8]) -> MechanismAnswer {
    if remark != nil { return .cancel("the server does not stop explaining its refusal") }
    remark = challenge
    return .response([])
  }
}
