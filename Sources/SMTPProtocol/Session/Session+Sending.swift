/// Messages, one after the other and several at a time.
extension Session {
  // MARK: What the driver may ask

  /// How many messages may be sent ahead, and how many octets may be in the output before
  /// another one is added.
  private static let aheadLimit = 31
  private static let aheadOctets = 65_536
  /// The largest content that may be sent with its envelope, before a recipient is accepted.
  private static let atOnceOctets: UInt64 = 65_536

  /// Whether another `send` may be called although `transaction` is under way: once all of the
  /// last one is on its way, and not too much.
  @_optimize(speed)
  func takesAnother(after transaction: Transaction) -> Bool {
    guard capabilities.pipelining, behind.count < Self.aheadLimit, output.count < Self.aheadOctets
    else { return false }
    guard let last = behind.last else { return transaction.takesNext }
    return last.takesNext
  }

  /// The owner of the message under way; of messages sent ahead, that of the first.
  private var owner: AnyObject? {
    if case .transaction(let transaction) = state { return transaction.outcome.owner }
    return nil
  }

  /// Whether this server can take the request at all.
  func takes(_ request: SendRequest) -> Bool { refusal(of: request) == nil }

  /// Whether the server allows the content together with its envelope.
  func sendsAtOnce(_ request: SendRequest) -> Bool {
    configuration.chunking == .optimistic && capabilities.chunking && capabilities.pipelining
      && !request.isAllOrNone
  }

  /// Whether chunks are used where they can be.
  var usesChunks: Bool { configuration.chunking != .off && capabilities.chunking }

  // MARK: What the driver does

  /// Writes MAIL and what may follow it without waiting. What the server cannot take is refused
  /// before anything is written; ahead of its turn it is left for later, without an event.
  ///
  /// `size`: of content that can follow at once. `owner` comes back with the outcome.
  @_optimize(speed)
  package func send(
    _ request: SendRequest, size: UInt64?, owner: AnyObject, now: Int64
  ) -> Sending {
    if case .transaction = state, !takes(request) { return .nothing }
    if let size, size <= Self.atOnceOctets, sendsAtOnce(request) {
      return send(request, chunk: Int(size), owner: owner, now: now) ? .beforeContent : .nothing
    }
    return send(request, owner: owner, now: now) ? .envelope : .nothing
  }

  /// `chunk`: all of the content has so many octets and goes out at once; true when the
  /// envelope was written.
  @discardableResult
  @_optimize(speed)
  func send(
    _ request: SendRequest, chunk: Int? = nil, owner: AnyObject? = nil, now: Int64
  ) -> Bool {
    var isAhead = false
    if case .transaction = state { isAhead = true }
    if !isAhead, !isListening || !isQuiet() { return false }
    if !isAhead, let failure = refusal(of: request) {
      let outcome = Outcome.untried(request.recipients.map { $0.mailbox }, failure)
      outcome.owner = owner
      events.append(.sendDone(outcome, next: nil))
      return false
    }
    // What follows another transaction resets first. After a chunk that may be refused RFC
    // 3030 section 2 asks for it, and Dovecot (2.3, submission) takes a MAIL that comes
    // while it relays for a part of the transaction before.
    let transaction = Transaction(
      request, capabilities, transfer(chunk), isLMTP: configuration.isLMTP,
      resets: isAhead || needsReset, now: now)
    transaction.outcome.owner = owner
    if !isAhead { needsReset = false }
    transactionCount += 1
    transaction.begin(&output)
    if let chunk {
      transaction.beginChunk(chunk, isLast: true, size: UInt64(chunk), to: &output)
    }
    guard isSound() else { return false }
    if isAhead { behind.append(transaction) } else { state = .transaction(transaction) }
    return true
  }

  private func transfer(_ chunk: Int?) -> Transaction.Transfer {
    if chunk != nil { return .atOnce }
    return usesChunks ? .chunks : .data
  }

  @_optimize(speed)
  private func refusal(of request: SendRequest) -> Failure? {
    if let most = capabilities.limits.transactions, transactionCount >= most {
      return Failure(
        .state, "the server takes no more than \(most) messages over one connection (MAILMAX)",
        command: "MAIL FROM", phase: .envelope, retry: .safe)
    }
    if let most = capabilities.limits.recipients, request.recipients.count > most {
      return Failure(
        .envelope,
        "the message is for all recipients or none (all_or_none), and the server takes no more than"
          + " \(most) recipients at a time (RCPTMAX)", command: "MAIL FROM", phase: .envelope,
        kind: .recipientsTooMany)
    }
    if request.isAllOrNone, let most = capabilities.limits.domains,
      request.recipients.count > most, DomainNumbers(request.recipients).count > most
    {
      return Failure(
        .envelope,
        "the message is for all recipients or none (all_or_none), and the server takes no recipients of more"
          + " than \(most) domains at a time (RCPTDOMAINMAX)", command: "MAIL FROM",
        phase: .envelope, kind: .recipientsTooMany)
    }
    let security = Security(isSecure: isSecure, isVerified: configuration.verifiesPeer)
    return request.refusal(
      by: capabilities, security: security, allowsChunks: configuration.chunking != .off)
  }

  /// Whether the message may have so many octets. No server is sent more than it announced
  /// (RFC 1870 section 6.1): some read the rest of a message that they gave up as commands.
  package func mayGrow(to size: UInt64) -> Bool {
    guard let limit = capabilities.sizeLimit, size > limit,
      case .transaction(let transaction) = state
    else { return true }
    follow(
      transaction.stop(
        Failure(
          .message,
          "the message has more octets than the server takes (\(limit), SIZE); it was not sent to"
            + " its end", command: transaction.contentCommand, phase: .message,
          kind: .messageTooBig)), transaction)
    return false
  }

  /// Appends content to the output; returns where it begins. The octets of a chunk may also leave
  /// without having been in the output. nil, and nothing is appended, when no such part is wanted.
  @discardableResult
  package func append(_ part: ContentPart, _ body: (inout OctetBuffer) -> Void) -> Int? {
    if case .piece = part { return output.appendContent(body) }
    guard case .transaction(let transaction) = state, transaction.wantsContent else { return nil }
    switch (part, transaction.transfer) {
    case (.chunk(let count), .chunks):
      transaction.beginChunk(count, isLast: false, size: 0, to: &output)
      return output.appendContent(body)
    case (.lastChunk(let count, let size), .chunks):
      transaction.beginChunk(count, isLast: true, size: size, to: &output)
      return output.appendContent(body)
    case (.end(let size), .data):
      let start = output.appendContent(body)
      output.endContent()
      transaction.contentEnded(size: size, at: output.end)
      return start
    default:
      return nil
    }
  }

  // MARK: Replies

  @_optimize(speed)
  func receiveTransaction(
    _ reply: Reply, _ transaction: Transaction, isEarly: Bool
  ) {
    follow(transaction.receive(reply, &output, isEarly: isEarly, now: now), transaction)
  }

  @_optimize(speed)
  func follow(_ progress: Transaction.Progress, _ transaction: Transaction) {
    switch progress {
    case .wait:
      _ = isSound()
    case .content:
      events.append(.contentWanted(inChunks: transaction.transfer == .chunks))
    case .nothingToDeliver:
      // DATA was pipelined, the server replies 354, and no recipient was accepted: RFC 2920
      // section 3.1 requires a single dot.
      output.appendContent { $0.append(ContentEncoder.terminator) }
      output.endContent()
    case .done(let outcome):
      needsReset = outcome.failure != nil && !transaction.leavesNothing
      advance(to: .ready)
      events.append(.sendDone(outcome, next: owner))
    case .decided(let outcome, let chunkEnd):
      output.replied()
      lateChunkEnd = chunkEnd
      needsReset = true
      advance(to: .ready)
      events.append(.sendDone(outcome, next: owner))
    case .broken(let outcome, let failure):
      events.append(.sendDone(outcome, next: nil))
      advance(to: .closed)
      fail(failure, isDoubtful: outcome.failure?.retry == .unknown)
    }
  }

  /// Takes the optional reply to the chunk of a message without recipients, with LMTP. That
  /// reply is a refusal; any other is to the next command. True when it was taken.
  ///
  /// A positive reply would promise delivery without a recipient, which RFC 2033 section 4.2
  /// does not provide for: Dovecot 2.4 sends no reply to the chunk at all. A server that
  /// replies 250 to it breaks that rule and cannot be detected: this 250 looks like the one
  /// to RSET, and each later reply is taken for the one after it, up to one too many at the
  /// end, which closes the connection. Waiting would not help, since servers without that
  /// reply never send it.
  func receiveLate(_ reply: Reply) -> Bool {
    guard let end = lateChunkEnd, reply.code != 421 else { return false }
    lateChunkEnd = nil
    if reply.code < 400, !output.isNextReplyEarly, mayAnswerNext(reply) { return false }
    if output.isLogged { traceReply(reply) }
    lastReply = reply
    if reply.code < 400 {
      fail(.unexpected(reply, phase: position.phase))
      return true
    }
    let reason: ErrorText? =
      if output.left < end {
        RefusalText.messageBeforeItsEnd
      } else if Transaction.mayReadCommands(after: reply) {
        Transaction.readsCommands
      } else {
        nil
      }
    if let reason {
      fail(
        .refused(
          .connection, reason, reply, command: "BDAT", phase: .message, retry: .safe))
    }
    return true
  }

  /// After such a chunk RSET goes first, and 250 is its only positive reply (RFC 5321
  /// section 4.3.2).
  private func mayAnswerNext(_ reply: Reply) -> Bool {
    switch state {
    case .transaction, .clearing, .commanding: reply.code == 250
    default: true
    }
  }

  /// The transaction in `state` is over: continues with the next one that was sent ahead, if
  /// there is one.
  @_optimize(speed)
  func advance(to last: State) {
    guard let next = behind.popFirst() else {
      state = last
      return
    }
    if case .transaction(let before) = state, before.leavesNothingToReset {
      next.isResetOptional = true
    }
    state = .transaction(next)
  }
}
