import SMTPProtocol
import SMTPTransport

/// Something that the caller started and that ends through its callback, once.
enum Operation {
  case login(LoginAttempt, (Failure?) -> Void)
  case send(Mailing)
  case command(CommandRequest, (Failure?, Reply?) -> Void)
  case quit((Failure?) -> Void)

  /// As whom is sent what comes after it; a send must not be made as somebody else.
  enum Identification: Int {
    case login
    /// Forgets a login.
    case xclient
  }

  var identification: Identification? {
    switch self {
    case .login: .login
    case .command(let request, _) where request.isXCLIENT: .xclient
    case .send, .command, .quit: nil
    }
  }

  var isSend: Bool {
    if case .send = self { return true }
    return false
  }

  /// What to call when it has ended with `failure`, or well; `reply` is that to a command. The call
  /// keeps the operation, so that the caller's release functions run after it.
  func ending(_ failure: Failure?, _ reply: Reply? = nil) -> () -> Void {
    switch self {
    case .login(let attempt, let callback):
      return { withExtendedLifetime(attempt) { callback(failure) } }
    case .command(_, let callback):
      return { callback(failure, reply) }
    case .quit(let callback):
      return { callback(failure) }
    case .send(let mailing):
      let reason = failure ?? .cancelled("the message was not sent")
      return { mailing.ended(mailing.abandoned(reason)) }
    }
  }
}

extension Failure {
  static func cancelled(_ text: ErrorText) -> Failure {
    Failure(.cancelled, text, command: "API", phase: .idle, retry: .safe)
  }
}
