import SMTPProtocol
import SMTPTransport

/// Content: copied into the output when it is small or needs changes, written without copying
/// when it is large.
extension Connection {
  /// Content up to this size is copied into the output after its commands: one system call
  /// instead of two.
  private static var smallContent: UInt64 { 16_384 }

  // MARK: A whole message

  /// Begins with the next transaction of a message: writes the envelope, and with a small
  /// message in memory the content, if the server takes that. False when nothing was written.
  @_optimize(speed)
  @discardableResult
  func begin(_ mailing: Mailing) -> Bool {
    guard let session else { return false }
    switch session.send(
      mailing.nextRequest(session), size: mailing.size, owner: mailing, now: deadlines.now)
    {
    case .nothing: return false
    case .envelope: break
    case .beforeContent: put(mailing, as: .piece, isDotted: false)
    }
    return true
  }

  /// Appends all of the content to the output.
  @_optimize(speed)
  private func put(_ mailing: Mailing, as part: Session.ContentPart, isDotted: Bool) {
    let source = mailing.source
    var encoder = mailing.encoder(isDotted: isDotted)
    append(part) { output in
      _ = source.read(from: 0) { encoder.encode($0, into: &output) }
      encoder.finish(into: &output)
    }
  }

  /// Appends content to the output.
  private func append(_ part: Session.ContentPart, _ body: (inout OctetBuffer) -> Void) {
    guard let session, let start = session.append(part, body) else { return }
    if trace.logsContent {
      trace.collect(from: session)
      trace.content(session.output.bytes[start..<session.output.bytes.count])
    }
  }

  /// The server waits for content.
  func startContent(inChunks: Bool) {
    guard case .send(let mailing) = current else { return }
    let size = mailing.size
    if let size, size <= Self.smallContent {
      let part: Session.ContentPart =
        inChunks ? .lastChunk(Int(size), size: size) : .end(size: size)
      put(mailing, as: part, isDotted: !inChunks)
      sendAhead()
      return
    }
    if let size, inChunks { append(.lastChunk(Int(size), size: size)) { _ in } }
    content = ContentTransfer(
      mailing.source, mailing.encoder(isDotted: !inChunks),
      !inChunks ? .dot : size == nil ? .chunks : .oneChunk)
    mailing.source.start(loop: loop) { [self] in goOn() }
  }

  /// The source has something again.
  func goOn() {
    content?.isPaused = false
    callbacks.wake()
  }

  // MARK: Piece by piece

  /// Moves the next pieces: into the output, or if that is empty to the channel. false
  /// when nothing can be done for now.
  func moveContent(_ content: ContentTransfer, to channel: Channel, limit: Int) -> Bool {
    guard let session, !content.isPaused else { return false }
    let isBetweenChunks = content.framing == .chunks && content.offset == content.unchangedEnd
    if isBetweenChunks {
      switch session.expectation {
      case .content: break
      case .chunkReply: return false
      default:
        stopContent()
        return true
      }
    }
    let (start, startOffset) = (deadlines.now, content.offset)
    var isMoving = true
    var isTooLarge = false
    var outcome: SourceOutcome
    repeat {
      outcome = content.source.read(from: content.offset) { piece in
        guard self.content === content else { return }
        let piece = piece.extracting(first: limit - (content.offset - startOffset))
        let count = trace.logsContent ? 0 : content.unchanged(of: piece)
        if count == 0 {
          let piece = piece.extracting(first: ContentTransfer.copiedPiece)
          isTooLarge = !copy(piece, content, session)
        } else if !session.mayGrow(to: content.encoder.size) {
          isTooLarge = true
        } else if isBetweenChunks || !session.output.isEmpty {
          // What goes before it leaves first.
          if isBetweenChunks { append(.chunk(count)) { _ in } }
          isMoving = false
        } else {
          isMoving = write(piece.extracting(first: count), content, channel)
        }
      }
      guard self.content === content else { return false }
      // Short pieces are put together, and their end with them.
    } while outcome.isContent && isMoving && !isTooLarge
      && session.output.count < ContentTransfer.copiedPiece
      && !session.output.isEmpty && !isBetweenChunks && content.offset - startOffset < limit
    deadlines.sourceRead(since: start)
    switch outcome {
    case .content where isTooLarge: return giveUp(content)
    case .content: break
    case .end where !endsWithinLimit(content, session): return giveUp(content)
    case .end: endContent(content, session)
    case .pause: content.isPaused = true
    case .failed(let reason): fail(sourceFailure(reason, content))
    }
    return !session.output.isEmpty || (isMoving && self.content != nil && !content.isPaused)
  }

  /// false when the server does not take so much.
  private func copy(
    _ piece: Span<UInt8>, _ content: ContentTransfer, _ session: Session
  ) -> Bool {
    if content.framing == .chunks {
      var chunk = OctetBuffer()
      content.encoder.encode(piece, into: &chunk)
      if !session.mayGrow(to: content.encoder.size) { return false }
      // The LF of a CR that was already sent encodes to nothing.
      if !chunk.isEmpty { append(.chunk(chunk.count)) { $0.append(chunk) } }
    } else {
      append(.piece) { content.encoder.encode(piece, into: &$0) }
      if !session.mayGrow(to: content.encoder.size) { return false }
    }
    content.copied(piece.count)
    return true
  }

  /// Whether the line end that the content may need at its end has room.
  private func endsWithinLimit(_ content: ContentTransfer, _ session: Session) -> Bool {
    var encoder = content.encoder
    var tail = OctetBuffer()
    encoder.finish(into: &tail)
    return session.mayGrow(to: encoder.size)
  }

  /// The session has stopped the message; what is left of it never leaves.
  private func giveUp(_ content: ContentTransfer) -> Bool {
    handleEvents()
    if self.content === content { stopContent() }
    callbacks.wake()
    return true
  }

  /// false when the channel takes no more for now.
  private func write(
    _ piece: Span<UInt8>, _ content: ContentTransfer, _ channel: Channel
  ) -> Bool {
    guard let count = written(channel.write(piece)) else { return false }
    content.advance(count)
    if session?.took(count) == false { deadlines.asked(sent: channel.sent) }
    return true
  }

  private func endContent(_ content: ContentTransfer, _ session: Session) {
    var tail = OctetBuffer()
    content.encoder.finish(into: &tail)
    let size = content.encoder.size
    let part: Session.ContentPart =
      switch content.framing {
      case .dot: .end(size: size)
      case .oneChunk: .piece
      case .chunks: .lastChunk(tail.count, size: size)
      }
    append(part) { $0.append(tail) }
    stopContent()
    sendAhead()
  }

  private func sourceFailure(_ reason: ErrorText, _ content: ContentTransfer) -> Failure {
    let command = session?.position.command ?? "DATA"
    var failure = Failure(
      .stream, "the source of the message failed: \(reason)", command: command, phase: .message,
      retry: .safe)
    failure.errno = content.source.errno
    return failure
  }

  // MARK: The end

  func stopContent() {
    content?.source.stop()
    content = nil
  }
}
