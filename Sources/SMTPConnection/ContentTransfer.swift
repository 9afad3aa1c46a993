import SMTPProtocol
import SMTPTransport

/// The content of one message on its way from its source to the output.
final class ContentTransfer {
  let source: any ContentSource
  private var encoder = ContentEncoder()
  /// The end, with its dot, is in the output.
  private(set) var isComplete = false
  /// The source has nothing for now and will say when it has.
  private(set) var isPaused = false

  init(source: any ContentSource) {
    self.source = source
  }

  var size: UInt64 { encoder.size }

  func goOn() { isPaused = false }

  func read(limit: Int, into output: inout [UInt8]) -> SourceOutcome {
    if isComplete { return .pause }
    let outcome = source.next(limit: limit) { chunk in encoder.encode(chunk, into: &output) }
    isPaused = if case .pause = outcome { true } else { false }
    if case .end = outcome {
      encoder.finish(into: &output)
      isComplete = true
    }
    return outcome
  }
}
