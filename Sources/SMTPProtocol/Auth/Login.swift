/// LOGIN (draft-murchison-sasl-login-00): the server asks for the user name, then
/// for the password. The wording of its questions differs between servers and
/// means nothing; their order is fixed.
package final class Login: Mechanism {
  package let name = Bytes.of("LOGIN")
  private let credentials: Credentials
  private let givesUserFirst: Bool
  private var asked: Int

  /// `givesUserFirst`: the user name is the initial response.
  package init(_ credentials: Credentials, givesUserFirst: Bool = false) {
    self.credentials = credentials
    self.givesUserFirst = givesUserFirst
    asked = givesUserFirst ? 1 : 0
  }

  package var secret: Secret? { credentials.password }
  package var reading: ChallengeReading { .ignored }
  package var initialResponse: [UInt8]? { givesUserFirst ? credentials.user.bytes : nil }
  package var isComplete: Bool { asked == 2 }

  package func answer(_ challenge: [UInt8]) -> MechanismAnswer {
    asked += 1
    switch asked {
    case 1: return .response(credentials.user.bytes)
    case 2: return .response(credentials.password.bytes)
    default: return .cancel("the server sent a challenge after user name and password")
    }
  }
}
