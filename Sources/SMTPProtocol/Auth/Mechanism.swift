/// One exchange of a SASL mechanism (RFC 4422), client side. It takes and returns
/// plain octets; base64 and the framing of RFC 4954 belong to the session.
package protocol Mechanism: AnyObject {
  /// As registered, upper case.
  var name: [UInt8] { get }
  /// The initial response; nil when the server sends the first challenge.
  var initialResponse: [UInt8]? { get }
  /// What `answer` gets of the text of 334.
  var reading: ChallengeReading { get }
  func answer(_ challenge: [UInt8]) -> MechanismAnswer
  /// Whether the exchange is complete, so that the server may reply with success.
  var isComplete: Bool { get }
  /// It was given up for a reason of this side, and without a secret: another mechanism may do.
  var givesWay: Bool { get }
  /// The server's explanation during the exchange, for the error.
  var remark: [UInt8]? { get }
  /// What the explanation is about, when it is about more than the login.
  var remarkKind: FailureKind { get }
  /// What a refusal without an explanation may be due to, besides the credentials.
  var suspicion: ErrorText? { get }
  /// Secrets that must not reach a log or an error when a server repeats them.
  var secret: Secret? { get }
  /// Anything in its responses may be secret.
  var isPrivate: Bool { get }
  /// The server proves that it knows the secret: success before that ends the connection.
  var provesServer: Bool { get }
}

/// What a mechanism needs of the text of 334 (RFC 4954 section 4). Some servers send words
/// there that are not base64; that matters only to mechanisms that use the text.
package enum ChallengeReading {
  /// Nothing: the order of the challenges is fixed. The challenge is then empty.
  case ignored
  /// The octets that the text encodes; without them the exchange fails.
  case decoded
  /// The octets, or the text as received when it is not base64.
  case decodedOrRaw
}

package enum MechanismAnswer {
  case response([UInt8])
  /// The exchange makes no sense: cancel it, for this reason.
  case cancel(ErrorText)
  /// The server is not the one that it says it is: the connection must end, for this reason.
  case distrust(ErrorText)
  /// The response is given to the session later.
  case later
  /// The response has to be computed first, in parts.
  case work(any MechanismWork)
}

/// A computation that would take too long for one turn of an event loop.
package protocol MechanismWork: AnyObject {
  /// Does the next part: `.work` when there is more.
  func proceed() -> MechanismAnswer
}

extension Mechanism {
  package var reading: ChallengeReading { .decoded }
  package var givesWay: Bool { false }
  package var remark: [UInt8]? { nil }
  package var remarkKind: FailureKind { .none }
  package var suspicion: ErrorText? { nil }
  package var secret: Secret? { nil }
  package var isPrivate: Bool { false }
  package var provesServer: Bool { false }
}

/// What a user logs in with.
package struct Credentials {
  package var user: Secret
  package var password: Secret

  package init(user: Secret, password: Secret) {
    self.user = user
    self.password = password
  }

  package init(user: [UInt8], password: [UInt8], _ cryptography: any Cryptography) {
    self.init(user: Secret(user, cryptography), password: Secret(password, cryptography))
  }
}
