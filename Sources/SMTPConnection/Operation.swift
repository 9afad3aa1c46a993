import SMTPProtocol
import SMTPTransport

/// Something that the caller started and that ends through its callback, once.
final class Operation {
  enum Work {
    case login(LoginAttempt)
    case send(Mailing)
    case reset
    case quit
  }

  enum Completion {
    case done((Failure?) -> Void)
    case sent((Outcome) -> Void)
  }

  let work: Work
  let completion: Completion

  init(_ work: Work, _ completion: Completion) {
    self.work = work
    self.completion = completion
  }

  var isLogin: Bool {
    if case .login = work { return true }
    return false
  }

  var isSend: Bool {
    if case .send = work { return true }
    return false
  }

  /// What to call when the operation ended before its turn came.
  func ending(untried failure: Failure) -> () -> Void {
    switch (completion, work) {
    case (.sent(let callback), .send(let mailing)):
      let outcome = Outcome.untried(mailing.mailboxes, failure)
      return { callback(outcome) }
    case (.sent(let callback), _):
      return { callback(.untried([], failure)) }
    case (.done(let callback), _):
      return { callback(failure) }
    }
  }
}

/// A line of the log.
package struct LogRecord {
  /// The numbers of `enum smtpconn_log_level`.
  package enum Level: Int32 { case debug = 0, info, warning, error }
  /// The numbers of `enum smtpconn_log_kind`.
  package enum Kind: Int32 { case network = 0, tls, smtp, client, server, message }

  package let level: Level
  package let kind: Kind
  package let text: [UInt8]
}
