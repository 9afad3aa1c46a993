import SMTPProtocol
import SMTPTransport

/// Octets in and out.
extension Connection {
  /// How much is read before replies are looked at again and other connections
  /// get their turn.
  private static var readsPerTurn: Int { 64 }
  /// Content written before other connections get their turn.
  private static var contentPerTurn: Int { 1 << 20 }

  func proceed() {
    if case .starting = link { start() }
    if case .securing(let channel) = link, !shakeHands(channel) { return }
    receive()
    goOnWriting()
    // A handshake that began here writes its first message now.
    if case .securing = link { proceed() }
  }

  func goOnWriting() {
    startNext()
    sendAhead()
    transmit()
  }

  // MARK: In

  private func receive() {
    for _ in 0..<Self.readsPerTurn {
      guard case .open(let channel) = link else { return }
      switch channel.read(into: &loop.buffer) {
      case .wouldBlock:
        return
      case .bytes(let count):
        deadlines.activity()
        let octets = loop.buffer
        if session?.receive(octets.span.extracting(first: count), now: deadlines.now) == true {
          deadlines.replyArrived()
        }
        handleEvents()
        if count == loop.buffer.count {
          loop.enlargeBuffer()
        } else if !channel.isSecure, writeFailure == nil {
          // Without TLS the loop detects further octets, unless this is the last read.
          return
        }
      case .endOfStream:
        takeLastWords()
        lost(
          Failure(
            .connection, "the server closed the connection unexpectedly", command: "CONN",
            retry: .safe))
      case .failed(let failure):
        takeLastWords()
        lost(writeFailure ?? failure)
      }
    }
    // More may be buffered inside TLS, which the loop cannot see.
    callbacks.wake()
  }

  /// A server that closes sometimes sends the reason first.
  private func takeLastWords() {
    let nothing: [UInt8] = []
    _ = session?.receive(nothing.span, now: deadlines.now)
    handleEvents()
  }

  func lost(_ failure: Failure) {
    if case .open = link { fail(located(failure)) }
  }

  /// Adds where the dialogue was.
  func located(_ failure: Failure) -> Failure {
    guard let session else { return failure }
    var failure = failure
    (failure.phase, failure.command) = session.position
    return failure
  }

  // MARK: Out

  private func transmit() {
    guard let session else { return }
    var budget = Self.contentPerTurn
    // The next octets cannot be in one write with the output.
    var isApart = false
    while case .open(let channel) = link {
      let count = session.output.count
      let isGrowing = !isApart && channel.isSecure && content.map { !$0.isPaused } ?? false
      if count >= (isGrowing ? Channel.largestRecord : 1) {
        // A record that is not full costs as much as one that is.
        let most = isGrowing ? count - count % Channel.largestRecord : count
        guard let count = written(session.write(to: channel, most)) else { return }
        // A server that owes a reply gets no more time because others are asked for.
        if !session.took(count) { deadlines.asked(sent: channel.sent) }
        if session.output.isEmpty { isApart = false }
      } else if let content {
        guard budget > 0 else {
          callbacks.wake()
          return
        }
        let before = content.offset
        guard moveContent(content, to: channel, limit: budget) || count > 0 else { return }
        budget -= content.offset - before
        isApart = count > 0 && session.output.count == count
      } else {
        return
      }
    }
  }

  /// How much the channel took; nil when it takes no more for now.
  func written(_ outcome: IOOutcome) -> Int? {
    switch outcome {
    case .bytes(let count):
      deadlines.activity()
      return count
    case .wouldBlock:
      return nil
    case .endOfStream:
      lost(Failure(.connection, "the server closed the connection", command: "CONN", retry: .safe))
      return nil
    case .failed(let failure):
      // The server may have sent the reason before it closed.
      if writeFailure == nil {
        writeFailure = failure
        receive()
      }
      lost(failure)
      return nil
    }
  }

  func closeChannel(graceful: Bool) {
    switch link {
    case .securing(let channel), .open(let channel): channel.close(graceful: graceful)
    case .connecting(let connector): connector.cancel()
    case .resolving(let resolver): resolver.cancel()
    case .none, .starting, .over: break
    }
  }

  /// Writes QUIT to a server that cannot be used.
  func writeLastWords() {
    guard case .open(let channel) = link, let session else { return }
    _ = session.write(to: channel, session.output.count)
  }
}

extension Session {
  /// What has not left yet.
  fileprivate func write(to channel: Channel, _ most: Int) -> IOOutcome {
    output.withSpan { channel.write($0.extracting(first: most)) }
  }
}
