import CSystem
package import SMTPProtocol

/// Content in memory of our own. It comes from malloc, which can say no.
@safe package final class BytesSource: ContentSource {
  private let octets: UnsafeMutableBufferPointer<UInt8>
  package let survey: ContentSurvey?

  /// Copies; nil when there is not enough memory.
  package init?(_ content: Span<UInt8>) {
    let count = content.count
    guard let start = unsafe malloc(max(count, 1)) else { return nil }
    unsafe content.withUnsafeBytes { content in
      if let source = content.baseAddress { unsafe memcpy(start, source, count) }
    }
    unsafe octets = UnsafeMutableBufferPointer(
      start: start.assumingMemoryBound(to: UInt8.self), count: count)
    survey = ContentSurvey(lookingAt: unsafe octets.span)
  }

  deinit { unsafe free(octets.baseAddress) }

  package func read(from offset: Int, _ body: (Span<UInt8>) -> Void) -> SourceOutcome {
    guard offset >= 0, unsafe offset < octets.count else { return .end }
    unsafe body(octets.span.extracting(offset..<octets.count))
    return .content
  }
}
