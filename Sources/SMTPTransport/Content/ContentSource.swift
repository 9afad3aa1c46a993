package import SMTPProtocol

/// The result of reading from a source.
package enum SourceOutcome {
  /// Content was passed to the body.
  case content
  case end
  /// Nothing now; the source calls `onReady` when it can go on.
  case pause
  case failed(ErrorText)

  package var isContent: Bool {
    if case .content = self { return true }
    return false
  }
}

/// Where the octets of a message come from: memory, which has all of them, or a
/// stream, which provides one block after the other.
package protocol ContentSource: AnyObject {
  /// The survey of content in memory; nil for a stream, which can be read only once.
  var survey: ContentSurvey? { get }

  /// The least number of octets, as far as that is known of a stream.
  var leastSize: UInt64? { get }

  /// Calls `body` at most once, with the content from `offset` on, counted from the
  /// beginning, and then returns `.content`. A stream keeps its block until the content
  /// after it is read.
  func read(from offset: Int, _ body: (Span<UInt8>) -> Void) -> SourceOutcome

  /// Of the system call behind the last `.failed`; 0 without one.
  var errno: Int32 { get }

  /// Allows the source to wait in `loop`.
  func start(loop: EventLoop, onReady: @escaping () -> Void)

  /// Nothing more will be read: stops waiting, drops `onReady` and the block.
  func stop()
}

/// Memory never fails, never waits, and stays valid.
extension ContentSource {
  package var leastSize: UInt64? { nil }
  package var errno: Int32 { 0 }
  package func start(loop: EventLoop, onReady: @escaping () -> Void) {}
  package func stop() {}
}
