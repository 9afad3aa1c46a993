import SMTPProtocol
import SMTPTransport

/// What leaves: the output of the session, and the content of the message under way.
///
/// Small content is copied into the output after its commands. Larger content is read from its
/// source piece by piece: a piece that needs no change is written without copying, once all
/// before it has left; any other is copied into the output.
///
/// A source may run code of the caller, which may end everything: whatever reads checks
/// afterwards whether the content is still the same.
final class ContentPump {
  private let loop: EventLoop
  private let callbacks: CallbackQueue
  private let deadlines: Deadlines
  private let trace: Trace
  private let progress: Progress
  private var content: ContentTransfer?

  /// Content up to this size is copied into the output after its commands: one system call
  /// instead of two.
  private static var smallContent: UInt64 { 16_384 }
  /// Content written before other connections get their turn.
  static var contentPerTurn: Int { 1 << 20 }

  init(
    _ loop: EventLoop, _ callbacks: CallbackQueue, _ deadlines: Deadlines, _ trace: Trace,
    _ events: Events
  ) {
    progress = Progress(events)
    self.loop = loop
    self.callbacks = callbacks
    self.deadlines = deadlines
    self.trace = trace
  }

  // MARK: A whole message

  /// Begins the next transaction of a message: writes the envelope, and with a small message
  /// in memory the content, if the server takes that. False when nothing was written.
  @_optimize(speed)
  func begin(_ mailing: Mailing, _ session: Session) -> Bool {
    switch session.send(
      mailing.nextRequest(session), size: mailing.size, owner: mailing, now: deadlines.now)
    {
    case .nothing: return false
    case .envelope: break
    case .beforeContent: put(mailing, as: .piece, isDotted: false, session)
    }
    return true
  }

  /// The server waits for the content. True when all of it is in the output now.
  func start(_ mailing: Mailing, inChunks: Bool, _ session: Session) -> Bool {
    let size = mailing.size
    if let size, size <= Self.smallContent {
      let part: Session.ContentPart =
        inChunks ? .lastChunk(Int(size), size: size) : .end(size: size)
      put(mailing, as: part, isDotted: !inChunks, session)
      return true
    }
    if let size, inChunks { append(.lastChunk(Int(size), size: size), session) { _ in } }
    progress.begin()
    content = ContentTransfer(
      mailing, mailing.encoder(isDotted: !inChunks),
      !inChunks ? .dot : size == nil ? .chunks : .oneChunk)
    mailing.source.start(loop: loop) { [self] in ready() }
    return false
  }

  /// Appends all of the content to the output.
  @_optimize(speed)
  private func put(
    _ mailing: Mailing, as part: Session.ContentPart, isDotted: Bool, _ session: Session
  ) {
    let source = mailing.source
    var encoder = mailing.encoder(isDotted: isDotted)
    let isAppended = append(part, session) { output in
      _ = source.read(from: 0) { encoder.encode($0, into: &output) }
      encoder.finish(into: &output)
    }
    if isAppended { progress.ended(mailing.octets ?? 0, at: session.output.end, of: mailing) }
  }

  /// Appends content to the output. False when no such part is wanted.
  @discardableResult
  private func append(
    _ part: Session.ContentPart, _ session: Session, _ body: (inout OctetBuffer) -> Void
  ) -> Bool {
    guard let start = session.append(part, body) else { return false }
    if trace.logsContent {
      trace.content(session.output.bytes[start..<session.output.bytes.count])
    }
    return true
  }

  // MARK: What leaves

  /// Why nothing more leaves for now.
  enum Halt {
    /// Everything has left, or something else has to happen first.
    case waiting
    /// The content is in the output up to its end: the next message may follow.
    case contentEnded
    /// The server does not take so much: the session has ended the message.
    case contentRefused
    case sourceFailed(Failure)
    /// The server has closed.
    case closed
    case writeFailed(Failure)
  }

  /// What leaves next.
  private enum Next {
    case nothing
    /// So many octets of the output.
    case output(Int)
    /// A piece of the content: after the output or into it.
    case piece(ContentTransfer)
    /// The same, as a chunk of its own with its header.
    case chunk(ContentTransfer)
  }

  private func next(_ session: Session, _ channel: Channel) -> Next {
    let count = session.output.count
    let rest = count > 0 ? Next.output(count) : .nothing
    guard let content, !content.isPaused else { return rest }
    // A TLS record that is not full costs as much as one that is. A piece that is not copied
    // cannot fill one.
    let fillsRecords = channel.isSecure && !content.isPieceUncopied
    if count > 0, !fillsRecords { return rest }
    if count >= Channel.largestRecord { return .output(count - count % Channel.largestRecord) }
    guard content.isBetweenChunks else { return .piece(content) }
    switch session.expectation {
    case .content: return .chunk(content)
    case .chunkReply: return rest
    default:
      // The server has refused the message, or a part of it.
      stop()
      return rest
    }
  }

  /// Writes what can leave now, of the content no more than `budget`.
  func transmit(_ session: Session, to channel: Channel, _ budget: inout Int) -> Halt {
    while true {
      let halt: Halt?
      switch next(session, channel) {
      case .nothing:
        halt = .waiting
      case .output(let count):
        halt = account(for: session.write(to: channel, count), session, channel)
      case .piece(let content):
        halt = move(content, asChunk: false, session, channel, &budget)
      case .chunk(let content):
        halt = move(content, asChunk: true, session, channel, &budget)
      }
      guard let halt else { continue }
      if let content {
        progress.moved(content.offset, waiting: session.output.count, of: content.mailing)
      }
      return halt
    }
  }

  /// The result of a write; nil when the channel has taken something.
  private func account(
    for outcome: IOOutcome, _ session: Session, _ channel: Channel
  ) -> Halt? {
    switch outcome {
    case .bytes(let count):
      deadlines.activity()
      // A server that owes a reply gets no more time because others are asked for.
      if !session.took(count, now: deadlines.now) { deadlines.asked(sent: channel.sent) }
      progress.left(session.output.left)
      return nil
    case .wouldBlock: return .waiting
    case .endOfStream: return .closed
    case .failed(let failure): return .writeFailed(failure)
    }
  }

  // MARK: Piece by piece

  /// What became of a piece.
  private enum Passage {
    case copied
    case uncopied(Halt?)
    /// It is not copied, and what is in the output leaves first.
    case afterOutput
    /// The server does not take so much.
    case tooLarge

    var isCopied: Bool {
      if case .copied = self { return true }
      return false
    }
  }

  /// Moves the next pieces: into the output, or if that is empty to the channel. nil when
  /// there may be more to do.
  private func move(
    _ content: ContentTransfer, asChunk: Bool, _ session: Session, _ channel: Channel,
    _ budget: inout Int
  ) -> Halt? {
    guard budget > 0 else {
      callbacks.wake()
      return .waiting
    }
    let (began, start) = (deadlines.now, content.offset)
    let limit = budget
    defer { budget -= content.offset - start }
    var passage = Passage.copied
    var outcome: SourceOutcome
    repeat {
      outcome = content.source.read(from: content.offset) { piece in
        guard self.content === content else { return }
        let piece = piece.extracting(first: limit - (content.offset - start))
        passage = pass(piece, of: content, asChunk: asChunk, session, channel)
      }
      guard self.content === content else { return .waiting }
      // Short pieces are put together, and their end with them.
    } while outcome.isContent && passage.isCopied && !asChunk && !session.output.isEmpty
      && session.output.count < ContentTransfer.copiedPiece && content.offset - start < limit
    deadlines.sourceRead(since: began)
    switch outcome {
    case .content:
      switch passage {
      case .copied, .afterOutput: return nil
      case .uncopied(let halt): return halt
      case .tooLarge: return refused()
      }
    case .end:
      return end(content, session) ? .contentEnded : refused()
    case .pause:
      content.isPaused = true
      return nil
    case .failed(let reason):
      return .sourceFailed(sourceFailure(reason, content, session))
    }
  }

  private func pass(
    _ piece: Span<UInt8>, of content: ContentTransfer, asChunk: Bool, _ session: Session,
    _ channel: Channel
  ) -> Passage {
    let count = trace.logsContent ? 0 : content.unchanged(of: piece)
    if count == 0 {
      let piece = piece.extracting(first: ContentTransfer.copiedPiece)
      return copy(piece, of: content, session) ? .copied : .tooLarge
    }
    if !session.mayGrow(to: content.encoder.size) { return .tooLarge }
    if asChunk { append(.chunk(count), session) { _ in } }
    guard session.output.isEmpty else { return .afterOutput }
    let outcome = channel.write(piece.extracting(first: count))
    if case .bytes(let count) = outcome { content.advance(count) }
    return .uncopied(account(for: outcome, session, channel))
  }

  /// false when the server does not take so much.
  private func copy(
    _ piece: Span<UInt8>, of content: ContentTransfer, _ session: Session
  ) -> Bool {
    if content.isBetweenChunks {
      var chunk = OctetBuffer()
      content.encoder.encode(piece, into: &chunk)
      if !session.mayGrow(to: content.encoder.size) { return false }
      // The LF of a CR that was already sent encodes to nothing.
      if !chunk.isEmpty { append(.chunk(chunk.count), session) { $0.append(chunk) } }
    } else {
      append(.piece, session) { content.encoder.encode(piece, into: &$0) }
      if !session.mayGrow(to: content.encoder.size) { return false }
    }
    content.copied(piece.count)
    return true
  }

  /// Puts the end into the output. false when the line end that the content may need there has
  /// no room.
  private func end(_ content: ContentTransfer, _ session: Session) -> Bool {
    var tail = OctetBuffer()
    content.encoder.finish(into: &tail)
    guard session.mayGrow(to: content.encoder.size) else { return false }
    if append(content.lastPart(tail.count), session, { $0.append(tail) }) {
      progress.ended(
        UInt64(clamping: content.offset), at: session.output.end, of: content.mailing)
    }
    stop()
    return true
  }

  private func refused() -> Halt {
    stop()
    return .contentRefused
  }

  private func sourceFailure(
    _ reason: ErrorText, _ content: ContentTransfer, _ session: Session
  ) -> Failure {
    var failure = Failure(
      .stream, "the source of the message failed: \(reason)",
      command: session.position.command, phase: .message, retry: .safe)
    failure.errno = content.source.errno
    return failure
  }

  // MARK: The caller

  /// Content is under way, and its end has not been put into the output.
  var isBusy: Bool { content != nil }

  /// The caller says that a source that had nothing has something again.
  func resume() throws(Failure) {
    guard let content, content.isPaused else {
      throw Failure(.state, "no message is paused")
    }
    ready()
  }

  private func ready() {
    content?.isPaused = false
    callbacks.wake()
  }

  /// Writes QUIT to a server that cannot be used, if that is possible at once.
  func writeFarewell(_ session: Session, to channel: Channel) {
    _ = session.write(to: channel, session.output.count)
  }

  /// The message of this owner has ended, or with nil every one.
  func ended(_ owner: AnyObject?) {
    stop()
    progress.forget(owner)
  }

  /// No more of the content leaves.
  private func stop() {
    content?.source.stop()
    content = nil
  }
}

extension Session {
  /// The first `most` octets of what has not left yet.
  fileprivate func write(to channel: Channel, _ most: Int) -> IOOutcome {
    output.withSpan { channel.write($0.extracting(first: most)) }
  }
}
