import SMTPProtocol
import SMTPTransport

/// Octets in and out.
extension Connection {
  /// How much is read before replies are looked at again and other connections
  /// get their turn.
  private static var readsPerTurn: Int { 64 }
  /// Octets of content taken from the source at a time: large enough to keep
  /// system calls rare, small enough to stay in the processor's cache.
  private static var chunkSize: Int { 32_768 }
  /// Content written before other connections get their turn.
  private static var contentPerTurn: Int { 1 << 20 }

  func proceed() {
    if case .starting = link { start() }
    if case .securing(let channel) = link, !shakeHands(channel) { return }
    receive()
    startNext()
    transmit()
    // A handshake that began here writes its first message now.
    if case .securing = link { proceed() }
  }

  // MARK: In

  private func receive() {
    for _ in 0..<Self.readsPerTurn {
      guard case .open(let channel) = link else { return }
      switch channel.read(into: &buffer) {
      case .wouldBlock:
        return
      case .bytes(let count):
        clock.lastActivity = clock.now
        parser.append(buffer[..<count])
        processReplies()
        // In the clear the loop sees whether there is more.
        if count < buffer.count, !channel.isSecure { return }
      case .endOfStream:
        takeLastWords()
        lost(
          Failure(
            .connection, "the server closed the connection unexpectedly", command: "CONN",
            retry: .safe))
      case .failed(let failure):
        lost(writeFailure ?? failure)
      }
    }
    // More may be buffered inside TLS, which the loop cannot see.
    wake()
  }

  private func processReplies() {
    while case .open = link, let reply = nextReply() { process(reply) }
  }

  private func nextReply() -> Reply? {
    do throws(Failure) {
      return try parser.next()
    } catch {
      fail(located(error))
      return nil
    }
  }

  private func process(_ reply: Reply) {
    guard let session else { return }
    clock.lastExchange = clock.now
    if session.isEarly {
      fail(early)
      return
    }
    let before = session.output.count
    session.receive(reply, now: clock.now)
    let isCommanding = session.output.count > before
    if session.hasLog { flushLog() }
    if connector != nil, session.isGreeted { connector = nil }
    // A part of a reply that is here already cannot be the answer to a command
    // that was made only now.
    if isCommanding, parser.hasMore, !session.isOver { fail(early) }
    if !session.events.isEmpty { handleEvents() }
  }

  private var early: Failure {
    let isUpgrading = session?.position.phase == .starttls
    return located(
      Failure(
        isUpgrading ? .tls : .protocolViolation,
        "the server sent a reply before the command that it should answer", command: "CONN"))
  }

  /// A server that gives up sometimes explains itself without ending the line.
  private func takeLastWords() {
    do throws(Failure) {
      if let reply = try parser.finish(), reply.code >= 400 { process(reply) }
    } catch {
      // The connection is lost whatever the garbage meant.
    }
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
    var budget = Self.contentPerTurn
    while case .open(let channel) = link {
      if session?.output.isEmpty == false {
        guard write(to: channel) else { return }
      } else if let content, !content.isPaused {
        guard budget > 0 else {
          wake()
          return
        }
        guard let count = readContent(of: content) else { return }
        budget -= count
      } else {
        return
      }
    }
  }

  /// false when the channel takes no more for now.
  private func write(to channel: Channel) -> Bool {
    guard let session else { return false }
    switch channel.write(session.output.bytes, from: session.output.taken) {
    case .bytes(let count):
      clock.lastActivity = clock.now
      if session.took(count) { clock.lastExchange = clock.now }
      return true
    case .wouldBlock:
      return false
    case .endOfStream:
      lost(Failure(.connection, "the server closed the connection", command: "CONN", retry: .safe))
      return false
    case .failed(let failure):
      // The server may have said why before it closed.
      if writeFailure == nil {
        writeFailure = failure
        receive()
      }
      lost(failure)
      return false
    }
  }

  /// Puts more content into the output, as much as makes a write worth while; nil
  /// when there is none for now. Behind its end goes what can follow at once.
  private func readContent(of content: ContentTransfer) -> Int? {
    guard let session else { return nil }
    // Taken out while the caller's code runs, which may even close us.
    var output = session.output.takeBytes()
    let start = clock.now
    var outcome: SourceOutcome
    repeat {
      outcome = content.read(limit: Self.chunkSize, into: &output)
      guard self.content === content else { return nil }
      if case .bytes = outcome {} else { break }
    } while output.count < Self.chunkSize
    clock.now = Clock.now()
    clock.lastActivity += clock.now - start
    if options.debug { logContent(output) }
    let count = output.count
    session.output.putBack(&output)
    switch outcome {
    case .bytes:
      return count
    case .end:
      session.contentEnded(size: content.size)
      stopContent()
      sendAhead()
      return count
    case .pause:
      return count > 0 ? count : nil
    case .failed(let reason):
      var failure = Failure(
        .stream, "the source of the message failed: \(reason)", command: "DATA", phase: .message,
        retry: .safe)
      failure.errno = content.source.errno
      fail(failure)
      return nil
    }
  }

  func startContent() {
    guard let current, case .send(let mailing) = current else { return }
    content = ContentTransfer(source: mailing.source)
    mailing.source.start(loop: loop) { [self] in
      content?.goOn()
      wake()
    }
  }

  /// Content that is not written yet must never be: it may hold the final dot.
  func discardContent() {
    guard content != nil else { return }
    session?.removeOutput()
    stopContent()
  }

  private func stopContent() {
    content?.source.stop()
    content = nil
  }

  func closeChannel(graceful: Bool) {
    writeLastWords()
    switch link {
    case .securing(let channel), .open(let channel): channel.close(graceful: graceful)
    case .connecting(let connector): connector.cancel()
    case .resolving(let resolver): resolver.cancel()
    case .none, .starting, .over: break
    }
  }

  /// The QUIT that is due to a server whose greeting or offer is no use.
  private func writeLastWords() {
    guard case .open(let channel) = link, let session, session.hasFarewell,
      !session.output.isEmpty
    else { return }
    _ = channel.write(session.output.bytes, from: session.output.taken)
  }
}
