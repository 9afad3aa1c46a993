package import SMTPProtocol

/// A mechanism of the caller's own. It takes part in exactly one exchange.
package protocol CustomMechanism: Mechanism {
  /// Called when an answer comes later than the challenge.
  /// Why it does not even begin.
  var refusal: Message? { get }
  var onAnswer: ((MechanismAnswer) -> Void)? { get set }
}

/// A login under way: the mechanisms that are left, and the token.
final class LoginAttempt {
  let identity: Identity
  var candidates: [[UInt8]] = []
  /// The mechanism that the server has before it.
  var mechanism: (any Mechanism)?
  /// A token is renewed once: a server that refuses a fresh one means it.
  var hasRenewed = false
  var question: TokenQuestion?
  var exchange: TokenExchange?

  init(_ identity: Identity) {
    self.identity = identity
  }

  /// Lets go of whatever is still asked for, and of a mechanism whose answers lead
  /// back here.
  func stop() {
    mechanism = nil
    question?.withdraw()
    question = nil
    exchange?.cancel()
    exchange = nil
  }
}
