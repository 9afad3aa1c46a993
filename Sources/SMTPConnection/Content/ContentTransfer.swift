import SMTPProtocol
import SMTPTransport

/// The content of one message between its source and the channel.
final class ContentTransfer {
  /// How the server finds the end of it.
  enum Framing {
    /// By the final dot.
    case dot
    /// By the size that was announced before: content in memory.
    case oneChunk
    /// There is a chunk for each piece, as of a stream.
    case chunks
  }

  let mailing: Mailing
  var source: any ContentSource { mailing.source }
  var encoder: ContentEncoder
  private let framing: Framing
  /// The position of the next octets in the source, and up to which position they are sent
  /// without copying.
  private(set) var offset = 0
  private var unchangedEnd = 0
  /// The source has nothing for now and will report when it has.
  var isPaused = false

  init(_ mailing: Mailing, _ encoder: ContentEncoder, _ framing: Framing) {
    self.mailing = mailing
    self.encoder = encoder
    self.framing = framing
  }

  /// The next piece is sent without copying.
  var isPieceUncopied: Bool { offset < unchangedEnd }

  /// The next piece is a chunk of its own.
  var isBetweenChunks: Bool { framing == .chunks && !isPieceUncopied }

  /// A shorter piece is copied: a system call of its own is not worth while.
  private static let shortPiece = 8_192

  /// Octets that are copied at a time: few enough to stay in the processor's cache.
  static let copiedPiece = 32_768

  /// How much of `input`, which is at `offset`, may be sent without copying. The result
  /// holds even if it takes several writes.
  func unchanged(of input: Span<UInt8>) -> Int {
    if unchangedEnd > offset { return min(unchangedEnd - offset, input.count) }
    let count = encoder.unchanged(input)
    guard count >= Self.shortPiece else { return 0 }
    encoder.pass(input.extracting(first: count))
    unchangedEnd = offset + count
    return count
  }

  /// `count` octets have left.
  func advance(_ count: Int) { offset += count }

  /// `count` octets were copied.
  func copied(_ count: Int) {
    offset += count
    unchangedEnd = offset
  }

  /// What the session is to do with the last octets, so many.
  func lastPart(_ count: Int) -> Session.ContentPart {
    switch framing {
    case .dot: .end(size: encoder.size)
    case .oneChunk: .piece
    case .chunks: .lastChunk(count, size: encoder.size)
    }
  }
}
