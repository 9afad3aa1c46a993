package import SMTPProtocol

/// What a source has to say when it is asked for content.
package enum SourceOutcome {
  /// Content was handed out.
  case content
  case end
  /// Nothing now; the source calls `onReady` when it can go on.
  case pause
  case failed(Message)

  package var isContent: Bool {
    if case .content = self { return true }
    return false
  }
}

/// Where the octets of a message come from: memory, which is there as a whole, or a
/// stream, which gives one block after the other.
package protocol ContentSource: AnyObject {
  /// What is known of content in memory; nil for a stream, which can be read only once.
  var survey: ContentSurvey? { get }

  /// What the message has at least, as far as that is known of a stream.
  var leastSize: UInt64? { get }

  /// Calls `body` at most once, with what stands from `offset` on, counted from the
  /// beginning of the content, and then returns `.content`. A stream keeps its block
  /// until it is asked for what stands behind it.
  func read(from offset: Int, _ body: (Span<UInt8>) -> Void) -> SourceOutcome

  /// Of the system call behind the last `.failed`; 0 without one.
  var errno: Int32 { get }

  /// Allows the source to wait in `loop`.
  func start(loop: EventLoop, onReady: @escaping () -> Void)

  /// Nothing more is wanted: ends the waiting, drops `onReady` and the block.
  func stop()
}

/// What memory is like: it never fails, never waits, and stays.
extension ContentSource {
  package var leastSize: UInt64? { nil }
  package var errno: Int32 { 0 }
  package func start(loop: EventLoop, onReady: @escaping () -> Void) {}
  package func stop() {}
}
