/// PLAIN (RFC 4616): `[authzid] NUL authcid NUL passwd`, in one message.
package final class Plain: Mechanism {
  package let name = Bytes.of("PLAIN")
  private let message: Secret
  private let credentials: Credentials
  private var wasAsked = false

  /// `authorization`: who to act as (authzid); empty for the user itself.
  package init(
    _ credentials: Credentials, authorization: [UInt8] = [], _ cryptography: any Cryptography
  ) {
    self.credentials = credentials
    let parts = [
      authorization[...], [0], credentials.user.bytes[...], [0], credentials.password.bytes[...],
    ]
    message = .joined(parts, cryptography)
  }

  package var reading: ChallengeReading { .ignored }
  package var initialResponse: [UInt8]? { message.bytes }
  package var secret: Secret? { credentials.password }
  package var isComplete: Bool { true }

  /// A server that asks in spite of the initial response did not read it.
  package func answer(_ challenge: [UInt8]) -> MechanismAnswer {
    if wasAsked { return .cancel("the server sent a challenge after the response of PLAIN") }
    wasAsked = true
    return .response(message.bytes)
  }
}
