/// A mail transaction (RFC 5321 section 3.3): MAIL, RCPT for each recipient,
/// DATA, the content, the final reply.
///
/// With PIPELINING (RFC 2920) everything up to DATA is written at once, else one
/// command at a time. The replies come in the same order in both cases, so one
/// step tells which of them is next. When RCPT replies arrive for a sender that
/// was refused, they are waited for and not believed.
///
/// With LMTP (RFC 2033 section 4.2) there is a final reply for each recipient
/// that was accepted, in their order, and the message has a fate for each.
final class Transaction {
  private enum Step {
    case reset
    case mail
    case recipient(Int)
    case data
    case content
    /// The final reply for this recipient is next; with SMTP it is for all.
    case final(Int)
    /// A lone dot was sent, since nobody was accepted.
    case emptyFinal
  }

  enum Progress {
    case wait
    case emit([Command?])
    case content
    case nothingToDeliver
    case done(Outcome)
    /// The two sides disagree about where they are: the connection must close.
    case broken(Outcome, Failure)
  }

  private let request: SendRequest
  private let capabilities: Capabilities
  private let isLMTP: Bool
  private var step: Step
  private var mailCommand: Command?
  private var recipients: [RecipientOutcome]
  private var senderFailure: Failure?
  private var lastReply: Reply?
  private let started: Int64
  private var dataAnswered: Int64 = 0
  private var envelopeTime: Int64 = 0
  private var messageTime: Int64 = 0
  private var messageSize: UInt64 = 0

  init(
    _ request: SendRequest, _ capabilities: Capabilities, isLMTP: Bool, resets: Bool, now: Int64
  ) {
    self.request = request
    self.capabilities = capabilities
    self.isLMTP = isLMTP
    step = resets ? .reset : .mail
    recipients = request.recipients.map { RecipientOutcome(mailbox: $0.mailbox) }
    started = now
  }

  private var pipelined: Bool { capabilities.pipelining }

  /// What is written first. After a failed transaction RSET goes in front.
  func opening() -> [Command?] {
    let mail = request.mailCommand(capabilities)
    mailCommand = mail
    guard pipelined else {
      if case .reset = step { return [.reset] }
      return [mail]
    }
    let recipients = request.recipients.map { request.recipientCommand($0, capabilities) }
    var group: [Command?] = [mail] + recipients + [.data]
    if case .reset = step { group.insert(.reset, at: 0) }
    return group
  }

  var position: (phase: Phase, command: String) {
    switch step {
    case .reset: (.envelope, "RSET")
    case .mail: (.envelope, "MAIL FROM")
    case .recipient: (.envelope, "RCPT TO")
    case .data: (.envelope, "DATA")
    case .content, .final, .emptyFinal: (.message, "DATA")
    }
  }

  /// Whether the next reply decides about the message.
  var awaitsVerdict: Bool {
    switch step {
    case .content, .final: true
    default: false
    }
  }

  private var hasAccepted: Bool { recipients.contains { $0.status == .accepted } }

  // MARK: Progress

  func contentWritten(size: UInt64) {
    guard case .content = step else { return }
    messageSize = size
    step = .final(nextAccepted(from: 0))
  }

  func receive(_ reply: Reply, now: Int64) -> Progress {
    lastReply = reply
    let (phase, command) = position
    // 3yz asks for more; only DATA has more to give.
    if reply.code < 400, !reply.isPositive {
      guard case .data = step, reply.code == 354 else {
        return disagree(.unexpected(reply, phase: phase))
      }
    }
    switch step {
    case .reset:
      // What RSET leaves behind, recipients of the message before, would get this
      // one too.
      guard reply.isPositive else {
        return disagree(
          .refused(
            .protocolViolation, "the server refuses RSET", reply, command: "RSET",
            phase: .envelope, retry: .safe))
      }
      step = .mail
      return pipelined ? .wait : .emit([mailCommand])
    case .mail:
      return receiveMail(reply)
    case .recipient(let index):
      return receiveRecipient(reply, index)
    case .data:
      dataAnswered = now
      envelopeTime = now - started
      return receiveData(reply, now: now)
    case .content:
      // The verdict before the end of the content: the server stopped reading,
      // or never started. Where the content ends is no longer agreed on.
      if reply.isPositive { return disagree(.unexpected(reply, phase: phase)) }
      let outcome = verdict(reply, now: now)
      return .broken(
        outcome,
        .refused(
          .connection, "the server refused the message before its end", reply, command: command,
          phase: phase, retry: .safe))
    case .final(let index):
      return receiveFinal(reply, index, now: now)
    case .emptyFinal:
      return .done(envelopeFailed())
    }
  }

  private func receiveMail(_ reply: Reply) -> Progress {
    if !reply.isPositive {
      let failure = Failure.refused(
        .envelope, "the server refused the sender", reply, command: "MAIL FROM", phase: .envelope)
      guard pipelined else { return .done(outcome(failure)) }
      senderFailure = failure
    }
    return advance(to: 0)
  }

  private func receiveRecipient(_ reply: Reply, _ index: Int) -> Progress {
    if senderFailure == nil, recipients.indices.contains(index) {
      recipients[index].decide(reply, at: .recipient)
    }
    return advance(to: index + 1)
  }

  private func advance(to index: Int) -> Progress {
    if index < recipients.count {
      step = .recipient(index)
      return pipelined ? .wait : .emit([recipientCommand(index)])
    }
    if !pipelined, !hasAccepted { return .done(envelopeFailed()) }
    step = .data
    return pipelined ? .wait : .emit([.data])
  }

  /// Only 354 starts data (RFC 5321 section 4.3.2).
  private func receiveData(_ reply: Reply, now: Int64) -> Progress {
    if reply.code == 354 {
      if hasAccepted {
        step = .content
        return .content
      }
      // A server that takes content from a sender it refused cannot be trusted
      // to understand the lone dot either.
      if let senderFailure { return disagree(senderFailure) }
      // With LMTP nobody's reply would follow the dot (RFC 2033 section 4.2).
      if isLMTP {
        return .broken(
          envelopeFailed(),
          .refused(
            .protocolViolation, "the server takes a message that is for nobody", reply,
            command: "DATA", phase: .envelope))
      }
      step = .emptyFinal
      return .nothingToDeliver
    }
    if reply.isPositive {
      let failure = Failure.refused(
        .protocolViolation, "the server does not answer DATA with 354", reply, command: "DATA",
        phase: .envelope)
      return disagree(failure)
    }
    guard hasAccepted else { return .done(envelopeFailed()) }
    let failure = Failure.refused(
      .envelope, "the server refused DATA", reply, command: "DATA", phase: .envelope)
    decideAccepted(reply)
    return .done(outcome(failure))
  }

  private func recipientCommand(_ index: Int) -> Command? {
    guard request.recipients.indices.contains(index) else { return nil }
    return request.recipientCommand(request.recipients[index], capabilities)
  }

  private func receiveFinal(_ reply: Reply, _ index: Int, now: Int64) -> Progress {
    guard isLMTP, recipients.indices.contains(index) else {
      return .done(verdict(reply, now: now))
    }
    recipients[index].decide(reply, at: .data)
    let next = nextAccepted(from: index + 1)
    if next < recipients.count {
      step = .final(next)
      return .wait
    }
    messageTime = now - dataAnswered
    return .done(outcome(everyCopyRefused))
  }

  /// The first recipient from `start` on that RCPT was accepted for.
  private func nextAccepted(from start: Int) -> Int {
    recipients[start...].firstIndex { $0.status == .accepted } ?? recipients.count
  }

  /// nil when somebody got the message.
  private var everyCopyRefused: Failure? {
    if hasAccepted { return nil }
    let refused = recipients.filter { $0.stage == .data && $0.isRefused }
    guard let last = refused.last, let reply = last.reply else { return nil }
    return .refused(
      .message, "the server refused the message for every recipient, the last one with", reply,
      command: "DATA", phase: .message,
      retry: refused.contains { $0.status == .deferred } ? .safe : .no)
  }

  // MARK: Outcomes

  /// The server's word about the whole message.
  func verdict(_ reply: Reply, now: Int64) -> Outcome {
    lastReply = reply
    messageTime = now - dataAnswered
    if reply.isPositive { return outcome(nil) }
    decideAccepted(reply)
    if hasAccepted { return outcome(nil) }
    return outcome(
      .refused(
        .message, "the server refused the message", reply, command: "DATA", phase: .message))
  }

  /// The connection is gone. Once the end of the content was sent nobody knows
  /// whether the message was delivered (RFC 5321 section 4.5.3.2.6).
  func interrupted(_ failure: Failure) -> Outcome {
    if case .final = step { return outcome(failure, retry: .unknown) }
    return outcome(failure, retry: failure.retry)
  }

  private func disagree(_ failure: Failure) -> Progress {
    .broken(interrupted(failure), failure)
  }

  private func decideAccepted(_ reply: Reply) {
    for index in recipients.indices
    where recipients[index].status == .accepted && recipients[index].stage != .data {
      recipients[index].decide(reply, at: .data)
    }
  }

  private func envelopeFailed() -> Outcome {
    if let senderFailure { return outcome(senderFailure) }
    let refused = recipients.filter { $0.isRefused }
    guard let last = refused.last, let reply = last.reply else {
      return outcome(Failure(.envelope, "no recipient was accepted", command: "RCPT TO"))
    }
    let text: Message =
      refused.count == 1
      ? "the server refused the recipient"
      : "the server refused all \(refused.count) recipients, the last one with"
    // Worth another try as soon as one of them may be accepted later.
    var failure = Failure.refused(
      .envelope, text, reply, command: "RCPT TO", phase: .envelope,
      retry: refused.contains { $0.status == .deferred } ? .safe : .no)
    failure.recipient = last.mailbox.bytes
    return outcome(failure)
  }

  func outcome(_ failure: Failure, retry: Retry) -> Outcome {
    var failure = failure
    failure.retry = retry
    return outcome(failure)
  }

  private func outcome(_ failure: Failure?) -> Outcome {
    let outcome = Outcome(recipients: recipients, failure: failure, response: lastReply)
    if failure != nil {
      // Accepted recipients of a message that did not get through were not
      // refused by anybody.
      let status: RecipientOutcome.Status = failure?.retry == .unknown ? .unknown : .notTried
      for index in recipients.indices
      where recipients[index].status == .accepted && recipients[index].stage != .data {
        outcome.recipients[index].status = status
      }
    }
    outcome.envelopeTime = envelopeTime
    outcome.messageTime = messageTime
    outcome.messageSize = messageSize
    return outcome
  }
}
