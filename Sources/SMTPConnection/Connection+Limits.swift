import SMTPProtocol
import SMTPTransport

/// One timer for all time limits: it is set to the earliest of those that apply.
extension Connection {
  func setTimer() {
    guard let timer else { return }
    guard let (_, limit) = nextLimit else {
      timer.clear()
      return
    }
    let deadline = min(limit, nextLook ?? limit)
    // One that fires too early finds out, and is set again: less than moving it with
    // every reply.
    if !timer.isSet || deadline < timer.deadline { timer.set(deadline) }
  }

  private var nextLimit: (Limit, Int64)? {
    var next: (Limit, Int64)?
    func consider(_ limit: Limit, from start: Int64) {
      let deadline = options.limits.deadline(limit, from: start)
      if deadline < next?.1 ?? .max { next = (limit, deadline) }
    }
    // Resolver and Connector keep their own limits.
    switch link {
    case .none, .over:
      return nil
    case .starting, .resolving, .connecting:
      break
    case .securing:
      consider(.connection, from: clock.connecting)
      // A server that sends nothing: another address may be better.
      if connector?.hasMore == true { consider(.greeting, from: clock.greeting) }
    case .open:
      consider(.socket, from: clock.lastActivity)
      switch session?.position.phase {
      case .greeting: consider(.greeting, from: clock.greeting)
      case .idle, nil: break
      case .message where isContentLeaving: break
      case .message: consider(.finalReply, from: clock.lastExchange)
      case .auth where session?.awaitsCaller == true: break
      case .quit: consider(.quit, from: clock.lastExchange)
      default: consider(.command, from: clock.lastExchange)
      }
    }
    if opening != nil || current != nil { consider(.operation, from: clock.operation) }
    return next
  }

  /// Whether it is not a reply that is waited for. A chunk of a stream may have to wait for the
  /// reply to the one before it.
  private var isContentLeaving: Bool {
    guard let content else { return session?.isReplyDue == false }
    return content.isCounted || session?.contentTurn == .now
  }

  // MARK: What the peer takes

  /// When to ask the system again how much the peer has acknowledged.
  private var nextLook: Int64? {
    guard case .open(let channel) = link, progress.isWorthALook(sent: channel.sent) else {
      return nil
    }
    var (shortest, start) = (options.limits[.socket], clock.lastActivity)
    switch session?.position.phase {
    case .quit, .greeting: return nil
    case .idle, nil: break
    case .message: shortest = min(shortest, options.limits[.finalReply])
    default: shortest = min(shortest, options.limits[.command])
    }
    if session?.isReplyDue == true { start = min(start, clock.lastExchange) }
    return max(start, progress.looked) + Int64(max(1, shortest / Progress.looksPerLimit))
  }

  private func look() {
    // The limit of QUIT begins when it is written, and only then: nothing depends on the reply,
    // and what the peer takes would begin it again.
    guard case .open(let channel) = link, session?.position.phase != .quit,
      progress.isWorthALook(sent: channel.sent)
    else { return }
    switch progress.look(sent: channel.sent, unsent: channel.unsent, now: clock.now) {
    case .nothing: return
    case .activity: break
    case .reading: clock.lastExchange = clock.now
    }
    clock.lastActivity = clock.now
  }

  // MARK: When time is over

  func limitPassed() {
    clock.now = Clock.now()
    look()
    if let (limit, deadline) = nextLimit, deadline <= clock.now {
      let milliseconds = options.limits[limit]
      var failure = Failure(
        .timedOut, "\(explanation(of: limit)) within \(milliseconds) ms (\(limit.optionName))",
        command: "CONN", phase: phase, retry: .safe)
      if let session { failure.command = session.position.command }
      fail(failure)
    }
    callBack()
    setTimer()
  }

  private func explanation(of limit: Limit) -> String {
    if limit == .greeting, case .securing = link { return "the TLS handshake was not over" }
    return limit.explanation
  }

  var phase: Phase {
    switch link {
    case .none, .over: .idle
    case .starting: .connect
    case .resolving: .dns
    case .connecting: .connect
    case .securing: options.isSecure ? .tls : .starttls
    case .open: session?.position.phase ?? .idle
    }
  }
}
