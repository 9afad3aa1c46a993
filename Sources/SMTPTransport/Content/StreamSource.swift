package import SMTPProtocol

/// Provides the blocks of a stream.
package protocol BlockReader: AnyObject {
  /// Fills the front of `room`, all of which may be used.
  func fill(_ room: inout [UInt8]) -> BlockOutcome
  /// Of the system call behind the last `.failed`; 0 without one.
  var errno: Int32 { get }
  /// The least number of octets still to come; nil when that is not known.
  var leastSize: UInt64? { get }
  /// Allows the reader to wait in `loop` after `.pause`.
  func start(loop: EventLoop, onReady: @escaping () -> Void)
  func stop()
}

extension BlockReader {
  package var leastSize: UInt64? { nil }
}

package enum BlockOutcome {
  case octets(Int)
  case end
  case pause
  case failed(ErrorText)
}

/// Content that comes in blocks.
package final class StreamSource: ContentSource {
  private let reader: any BlockReader
  private var block: [UInt8] = []
  private var blockStart = 0
  private var filled = 0
  private var isOver = false

  /// Large enough to keep system calls and callbacks rare, small enough for the
  /// processor's cache.
  package static let blockSize = 128 * 1024

  package init(_ reader: any BlockReader) { self.reader = reader }

  package var survey: ContentSurvey? { nil }
  package var errno: Int32 { reader.errno }
  package var leastSize: UInt64? { reader.leastSize }

  package func read(from offset: Int, _ body: (Span<UInt8>) -> Void) -> SourceOutcome {
    if offset >= blockStart + filled {
      let outcome = refill()
      guard case .content = outcome else { return outcome }
      blockStart = offset
    }
    let block = block
    let used = offset - blockStart
    guard used >= 0, used < filled, filled <= block.count else { return .end }
    body(block.span.extracting(used..<filled))
    return .content
  }

  private func refill() -> SourceOutcome {
    // The callback may end everything: nothing else refers to the block meanwhile.
    var room: [UInt8] = []
    swap(&room, &block)
    if room.isEmpty { room = Bytes.zeros(Self.blockSize) }
    filled = 0
    let outcome = reader.fill(&room)
    if isOver { return .end }
    block = room
    switch outcome {
    case .octets(let count):
      filled = count
      return .content
    case .end: return .end
    case .pause: return .pause
    case .failed(let reason): return .failed(reason)
    }
  }

  package func start(loop: EventLoop, onReady: @escaping () -> Void) {
    reader.start(loop: loop, onReady: onReady)
  }

  package func stop() {
    isOver = true
    block = []
    reader.stop()
  }
}
