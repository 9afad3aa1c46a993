package import SMTPProtocol

/// What a source has to say when it is asked for content.
package enum SourceOutcome {
  /// So many octets were handed out.
  case bytes(Int)
  case end
  /// Nothing now; the source calls `onReady` when it can go on.
  case pause
  case failed(Message)
}

/// Where the octets of a message come from.
package protocol ContentSource: AnyObject {
  /// Calls `body` at most once, with 1 to `limit` octets, and then returns
  /// `.bytes` with their count.
  func next(limit: Int, _ body: (Span<UInt8>) -> Void) -> SourceOutcome
  /// Of the system call behind the last `.failed`; 0 without one.
  var errno: Int32 { get }
  /// The same content from its beginning; nil when it can be read only once.
  func again() -> (any ContentSource)?
  /// Allows the source to wait in `loop`.
  func start(loop: EventLoop, onReady: @escaping () -> Void)
  /// Ends the waiting and drops `onReady`.
  func stop()
}

/// What most sources are like: they never fail in the system, never wait, and can be
/// read once.
extension ContentSource {
  package var errno: Int32 { 0 }
  package func again() -> (any ContentSource)? { nil }
  package func start(loop: EventLoop, onReady: @escaping () -> Void) {}
  package func stop() {}
}
