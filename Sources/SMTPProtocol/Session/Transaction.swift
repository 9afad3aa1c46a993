/// A mail transaction (RFC 5321 section 3.3): MAIL, RCPT for each recipient,
/// DATA, the content, the final reply.
///
/// With PIPELINING (RFC 2920) everything up to DATA is written at once, else one
/// command at a time. The replies come in the same order in both cases, so one
/// step tells which of them is next. Replies to RCPT after a refused sender are read
/// but ignored.
///
/// With CHUNKING (RFC 3030) the content may be sent in counted chunks instead: after
/// a recipient was accepted, or together with the envelope.
///
/// With LMTP (RFC 2033 section 4.2) there is a final reply for each recipient
/// that was accepted, in their order, so each may have another result.
final class Transaction {
  /// How the content travels.
  enum Transfer {
    case data
    /// BDAT, after a recipient was accepted.
    case chunks
    /// One BDAT together with the envelope.
    case atOnce
  }

  enum Step {
    case reset
    case mail
    case recipient(Int)
    case data
    case content
    /// The final reply for this recipient is next; with SMTP it is for all.
    case final(Int)
    /// A lone dot was sent, or a useless chunk, since no recipient was accepted.
    case emptyFinal
    /// The number of replies still to come to chunks after one that was refused.
    case drain(Int)
  }

  enum Progress {
    case wait
    case content
    case nothingToDeliver
    case done(Outcome)
    /// No recipient is to get the content that left with the envelope; the chunk that ends at
    /// this position of the output may have a reply or none.
    case decided(Outcome, chunkEnd: Int)
    /// The two sides disagree about the state of the dialogue: the connection must close.
    case broken(Outcome, Failure)
  }

  private let request: SendRequest
  private let capabilities: Capabilities
  private let isLMTP: Bool
  var isAllOrNone: Bool { request.isAllOrNone }
  let transfer: Transfer
  private(set) var step: Step
  let outcome: Outcome
  private(set) var senderFailure: Failure?
  private let started: Int64
  private(set) var dataAnswered: Int64 = 0
  /// How much of the output has left, and where in it the content ends.
  var left = 0
  private var contentEnd: Int?
  /// When the end of the content left, if that was noticed.
  private var contentLeft: Int64?
  private(set) var contentSize: UInt64 = 0
  /// Chunks, apart from the last, that the server has not answered.
  private var chunksUnanswered = 0
  /// The library stopped the content, not the server.
  private var hasStopped = false
  /// RCPT had a positive reply, even if the sender was refused.
  private var hasPromise = false
  /// Nothing can be open that RSET would have to end.
  var isResetOptional = false

  @_optimize(speed)
  init(
    _ request: SendRequest, _ capabilities: Capabilities, _ transfer: Transfer, isLMTP: Bool,
    resets: Bool, now: Int64
  ) {
    self.request = request
    self.transfer = transfer
    self.capabilities = capabilities
    self.isLMTP = isLMTP
    pipelined = capabilities.pipelining
    groupsData = capabilities.pipelining && transfer == .data && !request.isAllOrNone
    step = resets ? .reset : .mail
    let recipients = request.recipients
    outcome = Outcome(
      [RecipientOutcome](capacity: recipients.count) { outcomes in
        for recipient in recipients {
          outcomes.append(RecipientOutcome(mailbox: recipient.mailbox))
        }
      })
    started = now
  }

  private let pipelined: Bool

  /// DATA is sent with the recipients, before it is known whether one is accepted. Once the
  /// server replies 354, the dialogue must go through the content.
  private let groupsData: Bool

  /// Writes the first commands. After a failed transaction RSET is the first.
  @_optimize(speed)
  func begin(_ output: inout SessionOutput) {
    if case .reset = step {
      output.command(Command.reset)
      if !pipelined { return }
    }
    request.writeMail(to: &output, capabilities)
    guard pipelined else { return }
    for recipient in request.recipients {
      request.writeRecipient(recipient, to: &output, capabilities)
    }
    if groupsData { output.command(Command.data) }
  }

  /// One more chunk of the content, whose octets follow; `size` is that of the whole
  /// message, with the last.
  func beginChunk(_ count: Int, isLast: Bool, size: UInt64, to output: inout SessionOutput) {
    output.append(Command.chunk)
    output.append(decimal: UInt64(count))
    if isLast { output.append(Command.lastChunk) }
    output.endCommand(before: count)
    if isLast {
      contentEnded(size: size, at: output.end + count)
    } else {
      chunksUnanswered += 1
    }
  }

  var position: (phase: Phase, command: String) {
    switch step {
    case .reset: (.envelope, "RSET")
    case .mail: (.envelope, "MAIL FROM")
    case .recipient: (.envelope, "RCPT TO")
    case .data: (.envelope, "DATA")
    case .content, .final, .emptyFinal, .drain: (.message, contentCommand)
    }
  }

  var contentCommand: String { transfer == .data ? "DATA" : "BDAT" }

  /// Whether the next reply decides about the message.
  var awaitsVerdict: Bool {
    switch step {
    case .content, .final: true
    case .emptyFinal: transfer != .data
    default: false
    }
  }

  /// Whether the next reply is one of several to the end of the content, and not the last
  /// (RFC 2033 section 4.2).
  var hasMoreVerdicts: Bool {
    guard isLMTP, chunksUnanswered == 0, case .final(let index) = step else { return false }
    return nextAccepted(from: index + 1) < outcome.recipients.count
  }

  // MARK: Progress

  /// Without PIPELINING a chunk waits for the reply to the one before it.
  var wantsContent: Bool {
    if case .content = step { return pipelined || chunksUnanswered == 0 }
    return false
  }

  func expectation(isReplyDue: Bool) -> Session.Expectation {
    switch step {
    case .reset, .mail, .recipient, .data: .reply
    case .content: wantsContent ? .content : .chunkReply
    case .final, .emptyFinal, .drain: isReplyDue ? .finalReply : .departure
    }
  }

  /// Whether everything that the final reply needs is in the output, no recipients are
  /// left for another transaction, and the number of replies is certain.
  var takesNext: Bool { hasEnded && !outcome.hasOverflow && !isCountOpen }

  /// With LMTP a last chunk that is refused may be answered once, or once for each copy.
  private var isCountOpen: Bool {
    isLMTP && transfer != .data && outcome.recipients.count > 1
  }

  private var hasEnded: Bool { contentEnd != nil }

  func contentEnded(size: UInt64, at end: Int) {
    contentSize = size
    contentEnd = end
    if case .content = step { step = .final(nextAccepted(from: 0)) }
  }

  /// The output has left as far as this.
  @inline(__always)
  func passed(_ position: Int, now: Int64) {
    if contentLeft == nil, let contentEnd, position >= contentEnd { contentLeft = now }
  }

  /// The content has left as far as its end.
  var hasLeft: Bool { contentEnd.map { left >= $0 } ?? false }

  // MARK: The envelope

  /// Whether after 250 the next step is another reply: the commands that follow are already
  /// written.
  @inline(__always)
  var isAgreeing: Bool {
    guard pipelined, senderFailure == nil else { return false }
    switch step {
    case .reset, .mail: return !outcome.recipients.isEmpty
    case .recipient(let index):
      return groupsData || transfer == .atOnce || index &+ 1 < outcome.recipients.count
    default: return false
    }
  }

  /// Whether the text of the next reply is kept.
  var keepsReply: Bool {
    if case .recipient = step { return true }
    return false
  }

  /// Records a reply to RSET or MAIL whose text has no meaning.
  func hear(_ reply: Reply) { outcome.response = reply }

  /// 250, where `isAgreeing` says what it leads to; the reply itself if it is kept.
  @inline(__always)
  func agree(_ reply: Reply?, _ output: inout SessionOutput, now: Int64) -> Progress {
    if let reply, case .recipient(let index) = step {
      hasPromise = true
      outcome.accept(index, reply)
    }
    return advance(&output, now: now)
  }

  /// The table of the envelope: what comes next when RSET, MAIL or RCPT has its reply, and
  /// what is written for it without PIPELINING.
  @inline(__always)
  func advance(_ output: inout SessionOutput, now: Int64) -> Progress {
    switch step {
    case .reset:
      step = .mail
      if !pipelined { request.writeMail(to: &output, capabilities) }
      return .wait
    case .mail:
      return advance(to: 0, &output, now)
    case .recipient(let index):
      return advance(to: index &+ 1, &output, now)
    case .data, .content, .final, .emptyFinal, .drain:
      return .wait
    }
  }

  @_optimize(speed)
  private func advance(
    to index: Int, _ output: inout SessionOutput, _ now: Int64
  ) -> Progress {
    if index < outcome.recipients.count {
      step = .recipient(index)
      if !pipelined {
        request.writeRecipient(request.recipients[index], to: &output, capabilities)
      }
      return .wait
    }
    if groupsData {
      step = .data
      return .wait
    }
    if transfer == .atOnce {
      envelopeAnswered(now)
      let first = nextAccepted(from: 0)
      guard first < outcome.recipients.count else { return endForNobody() }
      step = .final(first)
      return .wait
    }
    guard hasAccepted, !(request.isAllOrNone && outcome.hasRefused) else {
      return .done(envelopeFailed())
    }
    if transfer == .chunks {
      envelopeAnswered(now)
      step = .content
      return .content
    }
    step = .data
    output.command(Command.data)
    return .wait
  }

  // MARK: Replies

  /// Writes what the reply leads to, or returns it.
  @_optimize(speed)
  func receive(
    _ reply: Reply, _ output: inout SessionOutput, isEarly: Bool, now: Int64
  ) -> Progress {
    if case .drain = step {} else { outcome.response = reply }
    left = output.left
    // 3yz requests more input, which only DATA has.
    if reply.code < 400, !reply.isPositive {
      guard case .data = step, reply.code == 354 else {
        return disagree(.unexpected(reply, phase: position.phase))
      }
    }
    switch step {
    case .reset:
      // Without RSET, recipients of the message before could get this one too.
      guard reply.isPositive || isResetOptional else {
        return disagree(
          .refused(
            .protocolViolation, RefusalText.reset, reply, command: "RSET",
            phase: .envelope, retry: .safe))
      }
      return advance(&output, now: now)
    case .mail:
      if !reply.isPositive {
        let failure = senderRefused(reply)
        guard pipelined else { return .done(ended(failure)) }
      }
      return advance(&output, now: now)
    case .recipient(let index):
      if reply.isPositive { hasPromise = true }
      if senderFailure == nil { outcome.decide(index, reply, at: .recipient) }
      return advance(&output, now: now)
    case .data:
      envelopeAnswered(now)
      return receiveData(reply)
    case .content, .final:
      if chunksUnanswered > 0 { return receiveChunkReply(reply, isEarly: isEarly, now: now) }
      guard case .final(let index) = step, hasLeft else {
        return receiveEarlyVerdict(reply, now: now)
      }
      return receiveFinal(reply, index, now: now)
    case .emptyFinal:
      if isEarly { return .broken(envelopeFailed(), beforeItsEnd(reply)) }
      if let failure = mayReadCommands(reply) { return .broken(envelopeFailed(), failure) }
      if transfer == .data || !reply.isPositive { return .done(envelopeFailed()) }
      return .broken(envelopeFailed(), forNobody(reply))
    case .drain(let count):
      if let failure = mayReadCommands(reply) { return .broken(outcome, failure) }
      if reply.isPositive, !hasStopped { return tookTheRest(reply) }
      if count == 1 { return .done(outcome) }
      step = .drain(count - 1)
      return .wait
    }
  }

  private func senderRefused(_ reply: Reply) -> Failure {
    let failure = Failure.refused(
      .envelope, "the server refused the sender", reply, command: "MAIL FROM", phase: .envelope)
    senderFailure = failure
    return failure
  }

  /// The chunk is on its way. With SMTP it has a reply; with LMTP one for each recipient
  /// that was accepted (RFC 2033 section 4.2), and servers differ about one that says that
  /// there are none.
  private func endForNobody() -> Progress {
    step = .emptyFinal
    guard isLMTP, !hasPromise, let contentEnd else { return .wait }
    return .decided(envelopeFailed(), chunkEnd: contentEnd)
  }

  /// Whether it is certain that the server has no transaction open. 503 to MAIL may say
  /// that there is one already.
  var leavesNothing: Bool {
    guard let code = senderFailure?.reply?.code else { return false }
    return !hasPromise && code != 503
  }

  /// Whether RSET in front of what follows may be refused as well. Content that was taken
  /// for commands can do no harm where every command needs a login (RFC 4954 section 6).
  var leavesNothingToReset: Bool {
    leavesNothing && (transfer != .atOnce || senderFailure?.reply?.code == 530)
  }

  /// No more of the content is sent, and no recipient is to get it. DATA can only be ended
  /// by closing the connection; chunks can be followed by RSET.
  func stop(_ failure: Failure) -> Progress {
    guard case .content = step else { return .wait }
    hasStopped = true
    let outcome = ended(failure)
    if transfer == .data {
      return .broken(
        outcome,
        Failure(
          .connection, "the connection was closed, since a message could not be finished",
          command: contentCommand, phase: .message, retry: .safe))
    }
    if chunksUnanswered == 0 { return .done(outcome) }
    step = .drain(chunksUnanswered)
    return .wait
  }

  private func envelopeAnswered(_ now: Int64) {
    dataAnswered = now
    outcome.envelopeTime = now - started
    outcome.wasAnswered = true
  }

  /// The final reply is here. What is sent ahead may leave before the envelope is answered.
  func contentAnswered(_ now: Int64) {
    outcome.messageTime = now - dataAnswered
    outcome.verdictTime = hasLeft ? now - max(contentLeft ?? 0, dataAnswered) : 0
  }

  /// Only 354 starts data (RFC 5321 section 4.3.2).
  private func receiveData(_ reply: Reply) -> Progress {
    if reply.code == 354 {
      if hasAccepted {
        step = .content
        return .content
      }
      // A server that takes content from a sender it refused cannot be trusted
      // to understand the lone dot either.
      if let senderFailure {
        return .broken(ended(senderFailure.followed(by: forNobody(reply))), senderFailure)
      }
      // With LMTP there would be no reply to the dot (RFC 2033 section 4.2).
      if isLMTP { return .broken(envelopeFailed(), forNobody(reply)) }
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
    return .done(ended(failure))
  }

  private func forNobody(_ reply: Reply) -> Failure {
    .refused(
      .protocolViolation, "the server accepts a message without a recipient", reply,
      command: contentCommand, phase: .envelope)
  }

  /// The final reply before the end of the content: the server stopped reading, or never
  /// started. The two sides no longer agree where the content ends.
  private func receiveEarlyVerdict(_ reply: Reply, now: Int64) -> Progress {
    contentEnd = nil
    if reply.isPositive { return disagree(.unexpected(reply, phase: .message)) }
    return .broken(verdict(reply, now: now), beforeItsEnd(reply))
  }

  private func beforeItsEnd(_ reply: Reply) -> Failure {
    unclear(RefusalText.messageBeforeItsEnd, reply)
  }

  /// RFC 3030 section 2: after a chunk was refused all that follow are, too, until
  /// RSET.
  private func receiveChunkReply(_ reply: Reply, isEarly: Bool, now: Int64) -> Progress {
    // What is left of this chunk would be taken for what follows it.
    if isEarly { return receiveEarlyVerdict(reply, now: now) }
    chunksUnanswered -= 1
    if reply.isPositive { return .wait }
    if isLMTP, hasEnded, outcome.recipients.count(where: { $0.status == .accepted }) > 1 {
      return .broken(
        verdict(reply, now: now),
        unclear(
          "the server refused a part of a message for several recipients, and it is not certain"
            + " how often it answers the last part", reply))
    }
    let outcome = verdict(reply, now: now)
    if let failure = mayReadCommands(reply) { return .broken(outcome, failure) }
    let rest = chunksUnanswered + (hasEnded ? 1 : 0)
    if rest == 0 { return .done(outcome) }
    step = .drain(rest)
    return .wait
  }

  @_optimize(speed)
  private func receiveFinal(_ reply: Reply, _ index: Int, now: Int64) -> Progress {
    // A server that has replied for one recipient has read the content as content.
    if let failure = mayReadCommands(reply), !hasVerdict {
      // 501 and 504 may also be about this copy alone, and others have been stored.
      guard hasMoreVerdicts, reply.code != 500, reply.code != 502 else {
        return .broken(verdict(reply, now: now), failure)
      }
      outcome.decide(index, reply, at: .data)
      return .broken(ended(failure.inDoubt()), failure)
    }
    guard isLMTP else { return .done(verdict(reply, now: now)) }
    outcome.decide(index, reply, at: .data)
    let next = nextAccepted(from: index + 1)
    if next < outcome.recipients.count {
      step = .final(next)
      return .wait
    }
    contentAnswered(now)
    return .done(ended(everyCopyRefused))
  }

  /// The first recipient from `start` on that RCPT was accepted for.
  private func nextAccepted(from start: Int) -> Int {
    var index = start
    while index < outcome.recipients.count, outcome.recipients[index].status != .accepted {
      index += 1
    }
    return index
  }
}
