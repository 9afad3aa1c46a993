/// What became of a transaction, whatever ended it.
extension Transaction {
  var hasAccepted: Bool { outcome.hasAccepted }

  /// The server's word about the whole message.
  @_optimize(speed)
  func verdict(_ reply: Reply, now: Int64) -> Outcome {
    if case .drain = step { return outcome }
    outcome.response = reply
    outcome.messageTime = now - dataAnswered
    if reply.isPositive { return ended(nil) }
    decideAccepted(reply)
    if hasAccepted { return ended(nil) }
    return ended(
      .refused(
        .message, "the server refused the message", reply, command: contentCommand,
        phase: .message))
  }

  /// 421 in place of the verdict.
  func closed(by reply: Reply, left: Int, now: Int64) -> Outcome {
    self.left = left
    // Nobody was to get it, and that is what is to be told.
    if case .emptyFinal = step { return envelopeFailed() }
    return verdict(reply, now: now)
  }

  /// The connection is gone. Once the end of the content was sent nobody knows
  /// whether the message was delivered (RFC 5321 section 4.5.3.2.6).
  func interrupted(_ failure: Failure, left: Int) -> Outcome {
    if case .drain = step { return outcome }
    self.left = left
    let mayBeDelivered = hasLeft && senderFailure == nil
      && outcome.recipients.contains { !$0.isRefused }
    var failure = failure
    if mayBeDelivered { failure.retry = .unknown }
    return ended(failure)
  }

  func disagree(_ failure: Failure) -> Progress {
    .broken(interrupted(failure, left: left), failure)
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
    let text: Message
    if hasAccepted {
      text =
        "the server refused \(refused.count) of \(outcome.recipients.count) recipients, and the"
        + " message goes to all or none (all_or_none); the last one with"
    } else if refused.count == 1 {
      text = "the server refused the recipient"
    } else {
      text = "the server refused all \(refused.count) recipients, the last one with"
    }
    // Worth another try as soon as one of them may be accepted later.
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

  /// nil when somebody got the message.
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
