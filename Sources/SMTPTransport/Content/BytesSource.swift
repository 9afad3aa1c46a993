package import SMTPProtocol

/// Content in memory of our own.
package final class BytesSource: ContentSource {
  private let bytes: [UInt8]
  package let survey: ContentSurvey?

  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
    survey = ContentSurvey(lookingAt: bytes.span)
  }

  package func read(from offset: Int, _ body: (Span<UInt8>) -> Void) -> SourceOutcome {
    let bytes = bytes
    guard offset >= 0, offset < bytes.count else { return .end }
    body(bytes.span.extracting(offset..<bytes.count))
    return .content
  }
}
