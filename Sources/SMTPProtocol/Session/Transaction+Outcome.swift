/// The outcome of a transaction, whatever ended it.
extension Transaction {
  var hasAccepted: Bool { outcome.hasAccepted }

  /// The server's reply about the whole message.
  @_optimize(speed)
  func verdict(_ reply: Reply, now: Int64) -> Outcome {
    if case .drain = step { return outcome }
    outcome.response = reply
    contentAnswered(now)
    if reply.isPositive { return ended(nil) }
    decideAccepted(reply)
    if hasAccepted { return ended(nil) }
    return ended(
      .refused(
        .message, RefusalText.message, reply, command: contentCommand, phase: .message))
  }

  /// 421 in place of the final reply.
  func closed(by reply: Reply, _ failure: Failure, left: Int, now: Int64) -> Outcome {
    if case .emptyFinal = step { return interrupted(failure, left: left) }
    self.left = left
    return verdict(reply, now: now)
  }

  /// The connection is lost. A refusal that was received stays the error. Once the end of
  /// the content was sent the message is in doubt (RFC 5321 section 4.5.3.2.6).
  func interrupted(_ failure: Failure, left: Int) -> Outcome {
    self.left = left
    if case .drain = step {
      outcome.failure = outcome.failure?.followed(by: failure)
      return outcome
    }
    if isDecided {
      let outcome = envelopeFailed()
      return ended(outcome.failure?.followed(by: failure))
    }
    return ended(hasLeft ? failure.inDoubt() : failure)
  }

  /// Whether it is certain that no recipient gets the message.
  var isDecided: Bool {
    if senderFailure != nil { return true }
    // With LMTP the content may be refused for one and accepted for another (RFC 2033 section 4.2).
    if isAllOrNone, outcome.recipients.contains(where: { $0.isRefusedAtOnce }) { return true }
    return !outcome.recipients.isEmpty && outcome.recipients.allSatisfy { $0.isRefused }
  }

  func disagree(_ failure: Failure) -> Progress {
    .broken(interrupted(failure, left: left), failure)
  }

  /// RFC 3030 section 2: after a chunk was refused all that follow are. A server that takes
  /// the last one may have delivered what it has.
  func tookTheRest(_ reply: Reply) -> Progress {
    let failure = Failure.refused(
      .protocolViolation, "the server refused a part of the message and then took another", reply,
      command: contentCommand, phase: .message, retry: .safe)
    if hasLeft { outcome.doubt(failure.inDoubt()) }
    return .broken(outcome, failure)
  }

  /// What a server that does not know BDAT says, or takes it for wrong (RFC 5321 section
  /// 4.2.4): it may not have counted the octets of the chunk, and reads them as commands.
  func mayReadCommands(_ reply: Reply) -> Failure? {
    guard transfer != .data, Self.mayReadCommands(after: reply) else { return nil }
    return unclear(Self.readsCommands, reply)
  }

  static func mayReadCommands(after reply: Reply) -> Bool {
    reply.code >= 500 && reply.code <= 504 && reply.code != 503
  }

  static var readsCommands: ErrorText {
    "the server does not understand BDAT and may read content as commands"
  }

  /// Whether a final reply was received for a recipient.
  var hasVerdict: Bool { outcome.recipients.contains { $0.stage == .data } }

  func unclear(_ text: ErrorText, _ reply: Reply) -> Failure {
    .refused(
      .connection, text, reply, command: contentCommand, phase: .message, retry: .safe)
  }

  func decideAccepted(_ reply: Reply) {
    for (index, recipient) in outcome.recipients.enumerated()
    where recipient.status == .accepted && recipient.stage != .data {
      outcome.decide(index, reply, at: .data)
    }
  }

  func envelopeFailed() -> Outcome {
    if let senderFailure { return ended(senderFailure) }
    let refused = outcome.recipients.filter { $0.isRefused }
    guard let last = refused.last, let reply = last.reply else {
      return ended(Failure(.envelope, "no recipient was accepted", command: "RCPT TO"))
    }
    let text: ErrorText
    if hasAccepted {
      text =
        "the server refused \(refused.count) of \(outcome.recipients.count) recipients, and the"
        + " message is for all recipients or none (all_or_none); the last one with"
    } else if refused.count == 1 {
      text = RefusalText.recipient
    } else {
      text = "the server refused all \(refused.count) recipients, the last one with"
    }
    // A retry is useful as soon as one of them may be accepted later.
    var failure = Failure.refused(
      .envelope, text, reply, command: "RCPT TO", phase: .envelope,
      retry: refused.contains { $0.status == .deferred } ? .safe : .no)
    failure.recipient = last.mailbox.bytes
    return ended(failure)
  }

  func ended(_ failure: Failure?) -> Outcome {
    if hasLeft { outcome.messageSize = contentSize }
    outcome.end(failure)
    return outcome
  }

  /// nil when a recipient got the message.
  var everyCopyRefused: Failure? {
    if hasAccepted { return nil }
    let refused = outcome.recipients.filter { $0.stage == .data && $0.isRefused }
    guard let last = refused.last, let reply = last.reply else { return nil }
    return .refused(
      .message, "the server refused the message for every recipient, the last one with", reply,
      command: contentCommand, phase: .message,
      retry: refused.contains { $0.status == .deferred } ? .safe : .no)
  }
}
