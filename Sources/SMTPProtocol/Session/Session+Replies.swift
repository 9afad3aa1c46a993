/// From octets to replies, and when a reply may come.
///
/// `receive` and `nextEvent` take one reply after the other until one of them has led to an event,
/// and the driver acts on that before the next reply is looked at.
///
/// Three rules decide whether a reply can answer a command. A server or a network attacker
/// that breaks one of them ends the connection:
/// * a reply does not come before its command has left (`isEarly`, `take`);
/// * no octet comes without TLS after the 220 to STARTTLS (`beginTLS`);
/// * no octet is unread when the driver sends a command that follows no reply (`isQuiet`).
extension Session {
  // MARK: In

  /// Octets of the server, and when they arrived; none means that it has closed. `nextEvent`
  /// returns what they lead to, and has returned all before. True when a reply was complete.
  @_optimize(speed)
  package func receive(_ octets: Span<UInt8>, now: Int64) -> Bool {
    self.now = now
    if octets.isEmpty {
      receiveEnd()
      return false
    }
    parser.append(octets)
    return takeReplies()
  }

  /// A server that gives up sometimes explains itself without ending the line: a refusal counts
  /// without its end, anything else does not.
  private func receiveEnd() {
    guard isListening else { return }
    do throws(Failure) {
      if let reply = try parser.finish(), reply.code >= 400 { take(reply) }
    } catch {
      // The connection is lost anyway.
    }
    isListening = false
  }

  /// The events, in order. To be called after every call that may have led to one, until it
  /// returns nil.
  @_optimize(speed)
  package func nextEvent() -> Event? {
    if events.isEmpty { _ = takeReplies() }
    return events.popFirst()
  }

  /// Takes replies until one of them has led to an event. True when there was one.
  @_optimize(speed)
  private func takeReplies() -> Bool {
    var hasTaken = false
    while isListening, events.isEmpty, !parser.isEmpty {
      if takeAgreements() { hasTaken = true }
      guard let reply = nextReply() else { break }
      hasTaken = true
      take(reply)
    }
    return hasTaken
  }

  @_optimize(speed)
  private func nextReply() -> Reply? {
    do throws(Failure) {
      if let reply = try parser.next() { return reply }
      if isGreetedByTLS { giveUp(tlsInsteadOfGreeting) }
    } catch {
      giveUp(isGreetedByTLS ? tlsInsteadOfGreeting : located(error))
    }
    return nil
  }

  private var isGreetedByTLS: Bool {
    if case .greeting = state { return parser.beginsWithTLSAlert }
    return false
  }

  private var tlsInsteadOfGreeting: Failure {
    located(
      Failure(
        .tls, "the server speaks TLS from the start on this port: set secure",
        kind: .tlsUnexpected))
  }

  @_optimize(speed)
  private func take(_ reply: Reply) {
    // 421 answers nothing in particular (RFC 5321 section 3.8).
    if isEarly, reply.code != 421 {
      giveUp(early)
      return
    }
    let before = output.count
    receive(reply)
    // A part of a reply that is here already cannot be the answer to a command that was made
    // only now.
    if output.count > before, parser.hasMore, !isOver { giveUp(early) }
  }

  // MARK: When a reply may come

  /// Whether the next reply would come before the command that it should answer
  /// has left. The verdict on a message may: a server need not read all of it.
  var isEarly: Bool {
    guard output.isNextReplyEarly, lateChunkEnd == nil else { return false }
    if case .transaction(let transaction) = state { return !transaction.awaitsVerdict }
    return true
  }

  private var early: Failure {
    located(
      Failure(
        position.phase == .starttls ? .tls : .protocolViolation,
        "the server sent a reply before the command that it should answer",
        kind: position.phase == .starttls ? .tlsInjected : .serverProtocol))
  }

  /// After 220 to STARTTLS. Octets after it were not protected and cannot belong to the
  /// dialogue under TLS: an attacker has injected them.
  func beginTLS() {
    if parser.hasRest {
      giveUp(
        located(
          Failure(
            .tls,
            "octets arrived without TLS after the reply to STARTTLS: a network attacker may inject"
              + " replies", kind: .tlsInjected)))
    } else {
      events.append(.startTLS)
    }
  }

  /// What may begin now. A reply that nothing asked for is found here, and leads to an event.
  @_optimize(speed)
  package func admission() -> Admission {
    guard isListening else { return .nothing }
    switch state {
    case .transaction(let transaction):
      return takesAnother(after: transaction) ? .sendAhead : .nothing
    case .ready: return isQuiet() ? .anything : .nothing
    default: return .nothing
    }
  }

  /// Before a command that follows no reply: the caller, or a token endpoint, may have taken its
  /// time. A part of a reply that is here already is none to what is about to be asked; only a
  /// late one to a chunk may be.
  func isQuiet() -> Bool {
    guard parser.hasMore, lateChunkEnd == nil else { return true }
    giveUp(
      located(Failure(.protocolViolation, Failure.unexpectedReply, retry: .safe)))
    return false
  }

  /// What the server sends cannot be understood any more. How it all ends is the driver's to
  /// say: another address may do better.
  private func giveUp(_ failure: Failure) {
    guard isListening else { return }
    isListening = false
    events.append(.failed(failure, isDoubtful: false))
  }

  /// Adds where the dialogue was.
  private func located(_ failure: Failure) -> Failure {
    var failure = failure
    (failure.phase, failure.command) = position
    return failure
  }

  // MARK: The fast path

  /// Takes plain 250s to RSET, MAIL and RCPT after which another reply is next: most of them,
  /// when messages are sent in a row. True when there was one.
  ///
  /// They have the same effect as in `receive`: both use the table `Transaction.advance`. The
  /// fast path saves the reply object: of those to RSET and MAIL only the last is kept, and a
  /// reply to RCPT with the same text as the one before shares its object. Without it a message
  /// of 1 KiB costs 8 % more instructions when messages are queued, and 11 % more with
  /// optimistic chunking.
  @_optimize(speed)
  private func takeAgreements() -> Bool {
    guard !output.isLogged, case .transaction(let transaction) = state, lateChunkEnd == nil
    else { return false }
    var last: ReplyParser.Plain?
    var hasAgreed = false
    while transaction.isAgreeing, let plain = parser.peek(), plain.code == 250,
      !output.isNextReplyEarly
    {
      output.replied()
      if transaction.keepsReply {
        let reply = parser.reply(of: plain, known: agreement)
        agreement = reply
        lastReply = reply
        last = nil
        follow(transaction.agree(reply, &output, now: now), transaction)
      } else {
        last = plain
        follow(transaction.agree(nil, &output, now: now), transaction)
      }
      parser.pass(plain)
      hasAgreed = true
    }
    if let last {
      let reply = parser.reply(of: last, known: nil)
      lastReply = reply
      transaction.hear(reply)
    }
    return hasAgreed
  }

  // MARK: The log

  /// A challenge may repeat what the client sent, so its text is hidden.
  func traceReply(_ reply: Reply) {
    let isSecret: Bool
    if case .authenticating = state { isSecret = reply.code == 334 } else { isSecret = false }
    let lines = reply.text.split(separator: .lf)
    for (index, line) in lines.enumerated() {
      // A code without text ends a reply.
      let separator: [UInt8] = index < lines.count - 1 ? [.hyphen] : [.space]
      let text = line.prefix(3) + separator + (isSecret ? Command.mask : Array(line.dropFirst(4)))
      output.log?.add(.server, Array(text))
    }
  }
}
