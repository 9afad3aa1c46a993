/// A mechanism of one message of the client, which the server accepts or refuses: PLAIN, EXTERNAL
/// and ANONYMOUS.
package class SingleMessage: Mechanism {
  package let name: [UInt8]
  package let secret: Secret?
  private let message: Secret
  private var wasAsked = false

  init(_ name: StaticString, _ message: Secret, secret: Secret? = nil) {
    self.name = Bytes.of(name)
    self.message = message
    self.secret = secret
  }

  package var reading: ChallengeReading { .ignored }
  package var initialResponse: [UInt8]? { message.bytes }
  package var isComplete: Bool { true }

  /// A server that asks in spite of the initial response did not read it.
  package func answer(_ challenge: [UInt8]) -> MechanismAnswer {
    if wasAsked {
      return .cancel(
        "the server sent a challenge after the response of \(Bytes.printable(name))")
    }
    wasAsked = true
    return .response(message.bytes)
  }
}
