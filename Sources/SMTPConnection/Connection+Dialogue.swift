import SMTPProtocol
import SMTPTransport

/// Octets in and out.
extension Connection {
  /// How much is read before replies are looked at again and other connections
  /// get their turn.
  private static var readsPerTurn: Int { 64 }

  func proceed() {
    if case .opening = link, !proceedOpening() { return }
    receive()
    goOnWriting()
    // A handshake that began here writes its first message now.
    if case .opening = link { proceed() }
  }

  func goOnWriting() {
    startNext()
    sendAhead()
    transmit()
  }

  // MARK: In

  private func receive(after writeFailure: Failure? = nil) {
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
    var budget = ContentPump.contentPerTurn
    while case .open(let channel) = link, let session {
      switch content.transmit(session, to: channel, &budget) {
      case .waiting:
        return
      case .contentEnded:
        sendAhead()
      case .contentRefused:
        handleEvents()
        callbacks.wake()
      case .sourceFailed(let failure):
        fail(failure)
      case .closed:
        lost(
          Failure(.connection, "the server closed the connection", command: "CONN", retry: .safe))
      case .writeFailed(let failure):
        // The server may have sent the reason before it closed.
        receive(after: failure)
        lost(failure)
      }
    }
  }
}
