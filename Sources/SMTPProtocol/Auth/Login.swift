/// LOGIN (draft-murchison-sasl-login-00): the server asks for the user name, then
/// for the password. The wording of its questions differs between servers and
/// means nothing; their order is fixed.
package final class Login: Mechanism {
  package let name = Bytes.of("LOGIN")
  private let credentials: Credentials
  private var asked = 0

  package init(_ credentials: Credentials) {
    self.credentials = credentials
  }

  package var secret: Secret? { credentials.password }
  package var initialResponse: [UInt8]? { nil }
  package var isComplete: Bool { asked == 2 }

  package func answer(_ challenge: [UInt8]) -> MechanismAnswer {
    asked += 1
    switch asked {
    case 1: return .response(credentials.user.bytes)
    case 2: return .response(credentials.password.bytes)
    default: return .cancel("the server asks for more than user name and password")
    }
  }
}
