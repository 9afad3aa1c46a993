import SMTPProtocol
import SMTPTransport

/// What is tried after a failure, and what the error tells of it.
extension Opening {
  /// Whether something else is tried. Then the dialogue so far is void.
  func triesAgain(after failure: Failure) -> Bool {
    triesWithoutTLS(after: failure) || triesNextAddress(after: failure)
  }

  /// opportunistic_tls: after a handshake that failed, or does not end, the socket cannot be used,
  /// so the same address is connected to again, and STARTTLS is left out.
  private func triesWithoutTLS(after failure: Failure) -> Bool {
    guard options.values.opportunisticTLS, !goesOnInTheClear,
      failure.code == .tls || failure.code == .timedOut, failure.phase == .starttls,
      case .securing(let channel) = stage,
      options.values.socket == nil, options.values.connectedSocket == nil,
      options.values.pipe == nil
    else { return false }
    trace.note(.tls, "\(failure.logged); going on without TLS", level: .warning)
    goesOnInTheClear = true
    let address = channel.remote
    leave()
    race([address])
    return true
  }

  /// Tries another address when the connected one fails before its greeting: it refuses, is
  /// lost, or sends nothing.
  private func triesNextAddress(after failure: Failure) -> Bool {
    guard let (channel, blame) = inUse, isAboutThisAddress(failure),
      route?.tryNext(after: failure, blame, on: channel) == true
    else { return false }
    if isGreetingDue { deadlines.greetingMissed() }
    trace.note(.network, "\(failure.logged); trying the next address", level: .warning)
    leave()
    goOn()
    return true
  }

  /// The channel, and who has it: that one's other addresses may be better.
  private var inUse: (Channel, ProxyBlame)? {
    switch stage {
    case .open(let channel), .preparing(let channel), .securing(let channel): (channel, .server)
    case .tunnelling(let channel, let tunnel): (channel, tunnel.blame)
    case .idle, .starting, .resolving, .connecting: nil
    }
  }

  private func leave() {
    close(graceful: false)
    remoteAddress = nil
    tls = nil
  }

  /// Whether the failure is the server's, and time is left for another one.
  private func isAboutThisAddress(_ failure: Failure) -> Bool {
    switch failure.code {
    case .tls, .protocolViolation, .connection, .socket, .proxy: true
    case .timedOut: isTimeLeft && !deadlines.isOver(.operation)
    default: false
    }
  }

  /// To connect with: the wait for a greeting uses none of it.
  private var isTimeLeft: Bool { isGreetingDue || !deadlines.isOver(.connection) }

  private var isGreetingDue: Bool {
    switch stage {
    case .open, .preparing: true
    case .idle, .starting, .resolving, .connecting, .tunnelling, .securing: false
    }
  }

  /// Adds the address in use.
  func addressed(_ failure: Failure) -> Failure {
    guard failure.addresses == nil else { return failure }
    var failure = failure
    failure.addresses = remoteAddress
    return failure
  }

  /// Adds what became of every address that was tried, as long as none has greeted.
  func explained(_ failure: Failure) -> Failure {
    if let (channel, blame) = inUse {
      return route?.explain(failure, blame, on: channel) ?? addressed(failure)
    }
    guard let connector = route?.connector else { return addressed(failure) }
    // A limit of the connection passed: the Connector explains its own.
    guard case .connecting = stage, failure.addresses == nil else { return failure }
    return connector.explain(failure, "\(failure.text): ")
  }
}
