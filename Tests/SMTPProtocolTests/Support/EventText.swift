@testable import SMTPProtocol

/// Events in the form of a transcript.
extension Session.Event {
  var lines: [String] { lines("command") }

  /// `command`: by which a transcript calls the command with one reply that is under way.
  func lines(_ command: String) -> [String] {
    switch self {
    // Of no meaning for the dialogue.
    case .greeted, .farewell, .workDue: []
    case .startTLS: ["start TLS"]
    case .opened: ["opened"]
    case .loginDone(let failure): [Self.line("login", failure)]
    case .contentWanted: ["content wanted"]
    case .sendDone(let outcome, _):
      [Self.line("send", outcome.failure)] + outcome.recipients.map { $0.line }
    case .commandDone(let failure, let reply):
      [command == "reset" ? Self.line(command, failure) : Self.line(command, failure, reply)]
    case .quitDone: ["quit ok"]
    case .failed(let failure, let isDoubtful):
      [Self.line("connection", isDoubtful ? failure.inDoubt("a message") : failure)]
    }
  }

  /// The error of each line.
  var failures: [Failure?] {
    switch self {
    case .greeted, .farewell, .workDue: []
    case .startTLS, .opened, .contentWanted, .quitDone: [nil]
    case .loginDone(let failure), .commandDone(let failure, _): [failure]
    case .sendDone(let outcome, _): [outcome.failure] + outcome.recipients.map { $0.failure }
    case .failed(let failure, let isDoubtful):
      [isDoubtful ? failure.inDoubt("a message") : failure]
    }
  }

  /// The fields that transcripts omit.
  var details: String? {
    if case .commandDone(_, let reply) = self { return reply.map { text($0.text) } }
    guard case .sendDone(let outcome, _) = self else { return nil }
    let replies = outcome.recipients.map { $0.reply.map { text($0.text) } ?? "none" }
    return "response \(outcome.response.map { text($0.text) } ?? "none"), recipients \(replies),"
      + " took \(outcome.envelopeTime) and \(outcome.messageTime), size \(outcome.messageSize)"
  }

  private static func line(_ operation: String, _ failure: Failure?) -> String {
    guard let failure else { return "\(operation) ok" }
    return "\(operation) failed: \(failure.line)"
  }

  /// Of a command with one reply, which is shown where it is not that of the error.
  private static func line(_ command: String, _ failure: Failure?, _ reply: Reply?) -> String {
    let said = reply.map { "\($0.code)" }
    let line = line(command, failure)
    guard let failure else { return line + (said.map { " \($0)" } ?? "") }
    return failure.reply == reply ? line : "\(line), \(said.map { "reply \($0)" } ?? "no reply")"
  }
}

extension Failure {
  /// `auth, AUTH PLAIN, auth phase, retry no, 535`
  var line: String {
    let code = reply.map { ", \($0.code)" } ?? ""
    return "\(self.code), \(command), \(phase) phase, retry \(retry)\(code)"
  }
}

extension RecipientOutcome {
  /// `- b@example.org rejected, RCPT TO 550`
  var line: String {
    let said = stage.map { ", \($0.command) \(reply.map { "\($0.code)" } ?? "")" } ?? ""
    return "- \(text(mailbox.bytes)) \(status)\(said)"
  }
}
