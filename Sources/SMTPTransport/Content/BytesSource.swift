import CSystem
package import SMTPProtocol

/// Content in memory of the library. It comes from malloc, which can fail.
@safe package final class BytesSource: ContentSource {
  private let octets: UnsafeMutableBufferPointer<UInt8>
  package let survey: ContentSurvey?

  /// nil when there is not enough memory. Not a failable init: what fails before it has
  /// set everything is never freed in the Embedded mode.
  package static func copy(_ content: Span<UInt8>) -> BytesSource? {
    let count = content.count
    guard let start = unsafe malloc(max(count, 1)) else { return nil }
    unsafe content.withUnsafeBytes { content in
      if let source = content.baseAddress { unsafe memcpy(start, source, count) }
    }
    return unsafe BytesSource(
      UnsafeMutableBufferPointer(start: start.assumingMemoryBound(to: UInt8.self), count: count))
  }

  private init(_ octets: UnsafeMutableBufferPointer<UInt8>) {
    unsafe self.octets = octets
    survey = ContentSurvey(lookingAt: unsafe octets.span)
  }

  deinit { unsafe free(octets.baseAddress) }

  package func read(from offset: Int, _ body: (Span<UInt8>) -> Void) -> SourceOutcome {
    guard offset >= 0, unsafe offset < octets.count else { return .end }
    unsafe body(octets.span.extracting(offset..<octets.count))
    return .content
  }
}
