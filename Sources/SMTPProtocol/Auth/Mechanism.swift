/// One run of a SASL mechanism (RFC 4422) on the client's side. It sees and gives
/// plain octets; base64 and the framing of RFC 4954 belong to the session.
package protocol Mechanism: AnyObject {
  /// As registered, upper case.
  var name: [UInt8] { get }
  /// What goes with the AUTH command; nil when the server speaks first.
  var initialResponse: [UInt8]? { get }
  /// What `answer` is given of the text that came with 334.
  var reading: ChallengeReading { get }
  func answer(_ challenge: [UInt8]) -> MechanismAnswer
  /// Whether everything was said, so that the server may answer with success.
  var isComplete: Bool { get }
  /// What the server said in words while the exchange ran, for the error.
  var remark: [UInt8]? { get }
  /// What a server must not bring into a log or an error by repeating it.
  var secret: Secret? { get }
  /// Nobody knows what in its responses is secret.
  var isPrivate: Bool { get }
}

/// What a mechanism needs of the text that comes with 334 (RFC 4954 section 4). Some
/// servers write words there that are no base64; they matter only to who reads them.
package enum ChallengeReading {
  /// Nothing: the order of the questions is fixed. The challenge is then empty.
  case ignored
  /// The octets that the text encodes; without them the exchange cannot go on.
  case decoded
  /// The octets, or the text as it came when it is no base64.
  case decodedOrRaw
}

package enum MechanismAnswer {
  case response([UInt8])
  /// The exchange makes no sense: cancel it, for this reason.
  case cancel(Message)
  /// The answer is given to the session later.
  case later
}

extension Mechanism {
  package var reading: ChallengeReading { .decoded }
  package var remark: [UInt8]? { nil }
  package var secret: Secret? { nil }
  package var isPrivate: Bool { false }
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
