package import SMTPProtocol

/// A custom mechanism, for exactly one exchange.
package protocol CustomMechanism: Mechanism {
  /// Called when a response comes later than the challenge; nil when it is not needed any
  /// more.
  var onAnswer: ((MechanismAnswer) -> Void)? { get set }
  /// Calls the caller's code when nothing is being changed: what asks it goes through
  /// here, and the answer comes back through `onAnswer`.
  var onQuestion: ((@escaping () -> Void) -> Void)? { get set }
  /// Asks for the initial response; then calls `completion`, with the reason when the
  /// login is not even to begin. Not called when it is not needed any more.
  func begin(_ completion: @escaping (ErrorText?) -> Void)
}

/// A login under way: the mechanisms that are left, and the token.
final class LoginAttempt {
  let identity: Identity
  var candidates: [[UInt8]] = []
  /// What is tried, or about to be.
  var name: [UInt8] = []
  /// The mechanism that the server has before it.
  var mechanism: (any Mechanism)?
  /// The caller's own, the last of them perhaps under way. The caller may look at
  /// them until it knows that the login has ended.
  private var exchanges: [any CustomMechanism] = []
  /// A token is renewed once: a server that refuses a fresh one means it.
  var hasRenewed = false
  /// The refusal of the mechanism tried before.
  var refusal: Failure?
  var question: TokenQuestion?
  var exchange: TokenExchange?

  init(_ identity: Identity) {
    self.identity = identity
  }

  /// The connection was lost while another mechanism was tried: the refusal stays the error.
  /// After several mechanisms the text says why the first one failed too.
  func reason(for failure: Failure) -> Failure {
    // What the caller ended itself has no other reason.
    guard let refusal, failure.code != .cancelled else { return failure }
    if failure.code != .auth, failure.code != .oauth2 { return refusal.followed(by: failure) }
    if failure.command.utf8.elementsEqual(refusal.command.utf8) { return failure }
    var failure = failure
    failure.text += "; before that, with \(refusal.command): \(refusal.text)"
    return failure
  }

  func add(_ exchange: any CustomMechanism) {
    stopExchange()
    exchanges.append(exchange)
  }

  /// An exchange that is over has no answer for the next one.
  private func stopExchange() {
    exchanges.last?.onAnswer = nil
    exchanges.last?.onQuestion = nil
  }

  /// Lets go of whatever is still asked for. The questions stay until the caller has
  /// been told, but no answer leads back here.
  func stop() {
    mechanism = nil
    stopExchange()
    question?.withdraw()
    exchange?.cancel()
    exchange = nil
  }
}
