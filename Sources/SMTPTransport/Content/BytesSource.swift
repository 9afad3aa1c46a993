/// Content that is in memory.
package final class BytesSource: ContentSource {
  private let bytes: [UInt8]
  private var offset = 0

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  package func next(limit: Int, _ body: (Span<UInt8>) -> Void) -> SourceOutcome {
    let count = min(bytes.count - offset, max(limit, 1))
    guard count > 0 else { return .end }
    let bytes = bytes
    body(bytes.span.extracting(offset..<(offset + count)))
    offset += count
    return .bytes(count)
  }

  package func again() -> (any ContentSource)? { BytesSource(bytes) }
}
