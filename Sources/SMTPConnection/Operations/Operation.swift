import SMTPProtocol
import SMTPTransport

/// Something that the caller started and that ends through its callback, once.
enum Operation {
  case login(LoginAttempt, (Failure?) -> Void)
  case send(Mailing)
  case reset((Failure?) -> Void)
  case quit((Failure?) -> Void)

  var isLogin: Bool {
    if case .login = self { return true }
    return false
  }

  var isSend: Bool {
    if case .send = self { return true }
    return false
  }

  /// What to call when it has ended with `failure`, or well. The call keeps the
  /// operation, so that the caller's release functions run after it.
  func ending(_ failure: Failure?) -> () -> Void {
    switch self {
    case .login(let attempt, let callback):
      return { withExtendedLifetime(attempt) { callback(failure) } }
    case .reset(let callback), .quit(let callback):
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
