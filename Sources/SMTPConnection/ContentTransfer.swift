import SMTPProtocol
import SMTPTransport

/// The content of one message on its way from its source to the channel.
final class ContentTransfer {
  let source: any ContentSource
  var encoder: ContentEncoder
  /// Content in memory goes as one chunk, since its size is known; a stream in one for
  /// each block.
  let isCounted: Bool
  /// Where in the source the next octets stand, and up to where they leave from where
  /// they lie.
  private(set) var offset = 0
  private(set) var unchangedEnd = 0
  /// The source has nothing for now and will say when it has.
  var isPaused = false

  private let needsNoChange: Bool

  init(
    _ source: any ContentSource, _ form: ContentEncoder.Form, isCounted: Bool,
    needsNoChange: Bool
  ) {
    self.source = source
    self.isCounted = isCounted
    self.needsNoChange = needsNoChange
    encoder = ContentEncoder(form)
  }

  /// A shorter piece is copied: a system call of its own is not worth while.
  private static let shortPiece = 8_192

  /// Octets that are copied at a time: few enough to stay in the processor's cache.
  static let copiedPiece = 32_768

  /// How much of `input`, which stands at `offset`, may leave from where it lies. What is
  /// let pass stays so, however often it takes to write it.
  func unchanged(of input: Span<UInt8>) -> Int {
    if unchangedEnd > offset { return min(unchangedEnd - offset, input.count) }
    let count = needsNoChange ? withoutOpenEnd(input) : encoder.unchanged(input)
    guard count >= Self.shortPiece else { return 0 }
    encoder.pass(input.extracting(first: count))
    unchangedEnd = offset + count
    return count
  }

  /// A CR whose LF is not here yet is left for the piece that has it, as the encoder does: it
  /// would take an LF at the start of a piece for one that has lost its CR.
  private func withoutOpenEnd(_ input: Span<UInt8>) -> Int {
    guard let last = input.indices.last, input[last] == 0x0D else { return input.count }
    return last
  }

  /// `count` octets have left.
  func advance(_ count: Int) { offset += count }

  /// `count` octets were copied.
  func copied(_ count: Int) {
    offset += count
    unchangedEnd = offset
  }
}
