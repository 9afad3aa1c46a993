import SMTPProtocol
import SMTPTransport

/// One timer for all time limits: it stands at the earliest of those that apply.
extension Connection {
  func setTimer() {
    guard let timer else { return }
    guard let (_, deadline) = nextLimit else {
      timer.clear()
      return
    }
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
    case .open:
      consider(.socket, from: clock.lastActivity)
      switch session?.position.phase {
      case .greeting: consider(.greeting, from: clock.greeting)
      case .idle, nil: break
      case .message where isContentLeaving: break
      case .message: consider(.finalReply, from: clock.lastExchange)
      case .auth where session?.awaitsCaller == true: break
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
    return content.isCounted || session?.wantsContent != false
  }

  func limitPassed() {
    clock.now = Clock.now()
    if let (limit, deadline) = nextLimit, deadline <= clock.now {
      let milliseconds = options.limits[limit]
      var failure = Failure(
        .timedOut, "\(limit.explanation) within \(milliseconds) ms (\(limit.optionName))",
        command: "CONN", phase: phase, retry: .safe)
      if let session { failure.command = session.position.command }
      fail(failure)
    }
    deliver()
    setTimer()
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
