import SMTPProtocol
import SMTPTransport

/// Something that the caller started and that ends through its callback, once.
enum Operation {
  case login(LoginAttempt, Completion)
  case send(Mailing)
  case command(CommandRequest, Completion)
  case quit(Completion)

  /// What the caller gave with an operation that is no send. An object, so that a queue of sends
  /// does not have room for it.
  final class Completion {
    /// By which the caller finds it again.
    let tag: UInt
    let call: (Failure?, Reply?) -> Void

    init(_ tag: UInt, _ call: @escaping (Failure?, Reply?) -> Void) {
      self.tag = tag
      self.call = call
    }
  }

  var tag: UInt {
    switch self {
    case .send(let mailing): mailing.tag
    case .login(_, let completion), .command(_, let completion), .quit(let completion):
      completion.tag
    }
  }

  /// One that waits and has begun already: a send whose further recipients are still to be tried.
  var hasBegun: Bool {
    if case .send(let mailing) = self { return mailing.isBegun }
    return false
  }

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
    case .login(let attempt, let completion):
      return { withExtendedLifetime(attempt) { completion.call(failure, nil) } }
    case .command(_, let completion), .quit(let completion):
      return { completion.call(failure, reply) }
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
