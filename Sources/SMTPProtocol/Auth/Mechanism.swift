/// One run of a SASL mechanism (RFC 4422) on the client's side. It sees and gives
/// plain octets; base64 and the framing of RFC 4954 belong to the session.
package protocol Mechanism: AnyObject {
  /// As registered, upper case.
  var name: [UInt8] { get }
  /// What goes with the AUTH command; nil when the server speaks first.
  var initialResponse: [UInt8]? { get }
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

package enum MechanismAnswer {
  case response([UInt8])
  /// The exchange makes no sense: cancel it, for this reason.
  case cancel(Message)
  /// The answer is given to the session later.
  case later
}

extension Mechanism {
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
