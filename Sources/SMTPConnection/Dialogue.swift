import SMTPProtocol
import SMTPTransport

/// A session and the channel that it speaks over: octets of the server go in, events come out.
final class Dialogue {
  let session: Session
  let channel: Channel
  private let loop: EventLoop
  private let callbacks: CallbackQueue
  private let deadlines: Deadlines

  /// How much is read before replies are looked at again and other connections
  /// get their turn.
  private static var readsPerTurn: Int { 64 }

  init(
    _ session: Session, over channel: Channel, _ loop: EventLoop, _ callbacks: CallbackQueue,
    _ deadlines: Deadlines
  ) {
    self.session = session
    self.channel = channel
    self.loop = loop
    self.callbacks = callbacks
    self.deadlines = deadlines
  }

  /// Reads what has arrived. Returns the failure when the channel is lost.
  ///
  /// `writeFailure`: a write failed, and the server may have sent the reason before it closed.
  func receive(
    after writeFailure: Failure? = nil, _ handle: (Session.Event) -> Void
  ) -> Failure? {
    for _ in 0..<Self.readsPerTurn {
      // Nothing comes from a channel that `handle` has closed, or has begun to secure.
      switch channel.read(into: &loop.buffer) {
      case .wouldBlock:
        return nil
      case .bytes(let count):
        deadlines.activity()
        let octets = loop.buffer
        if session.receive(octets.span.extracting(first: count), now: deadlines.now) {
          deadlines.replyArrived()
        }
        handleEvents(handle)
        if count == loop.buffer.count {
          loop.enlargeBuffer()
        } else if !channel.isBuffered, writeFailure == nil {
          // Without TLS the loop detects further octets, unless this is the last read.
          return nil
        }
      case .endOfStream:
        takeLastWords(handle)
        return Self.closed("the server closed the connection unexpectedly")
      case .failed(let failure):
        takeLastWords(handle)
        return writeFailure ?? failure
      }
    }
    // More may be buffered inside TLS, which the loop cannot see.
    callbacks.wake()
    return nil
  }

  /// A server that closes sometimes sends the reason first.
  private func takeLastWords(_ handle: (Session.Event) -> Void) {
    let nothing: [UInt8] = []
    _ = session.receive(nothing.span, now: deadlines.now)
    handleEvents(handle)
  }

  func handleEvents(_ handle: (Session.Event) -> Void) {
    while let event = session.nextEvent() {
      handle(event)
    }
  }

  // MARK: What the connection asks

  /// What time limits depend on.
  var waiting: Deadlines.Waiting { .dialogue(session.expectation, sent: channel.sent) }

  static func closed(_ text: ErrorText) -> Failure {
    Failure(.connection, text, command: "CONN", retry: .safe)
  }

  /// Adds where the dialogue was.
  func located(_ failure: Failure) -> Failure {
    var failure = failure
    (failure.phase, failure.command) = session.position
    return failure
  }
}
