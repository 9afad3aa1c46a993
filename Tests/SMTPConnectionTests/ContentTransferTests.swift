import SMTPProtocol
import SMTPTransport
import Testing

@testable import SMTPConnection

@Suite("Content on its way")
struct ContentTransferTests {
  private let line = [UInt8](repeating: 0x78, count: 76) + [0x0D, 0x0A]

  /// What travels of `content` when so much of it leaves in one turn, as the connection does
  /// it: as it is where that is possible, and else copied.
  private func moved(
    _ content: [UInt8], _ form: ContentEncoder.Form, needsNoChange: Bool, perTurn: Int
  ) -> [UInt8] {
    guard let source = BytesSource.copy(content.span) else { return [] }
    let request = SendRequest(from: nil, recipients: [], size: nil, use8BitMIME: nil)
    let transfer = ContentTransfer(
      Mailing(request, source) { _ in }, ContentEncoder(form, needsNoChange: needsNoChange), .dot)
    var output = OctetBuffer()
    var budget = perTurn
    while transfer.offset < content.count {
      let before = transfer.offset
      let piece = Array(content[before...].prefix(budget))
      let count = transfer.unchanged(of: piece.span)
      if count == 0 {
        let copied = Array(piece.prefix(ContentTransfer.copiedPiece))
        transfer.encoder.encode(copied.span, into: &output)
        transfer.copied(copied.count)
      } else {
        output.append(Array(piece.prefix(count)))
        transfer.advance(count)
      }
      budget -= transfer.offset - before
      if budget == 0 { budget = perTurn }
    }
    transfer.encoder.finish(into: &output)
    return Array(output[0..<output.count])
  }

  /// Of a line end the CR may be the last that leaves in a turn, or left over as a turn of
  /// its own; what follows may be copied or sent unchanged.
  @Test(
    "regular content stays as it is wherever it is cut", arguments: [true, false],
    [ContentEncoder.Form.counted, .dotted])
  func cuts(isKnown: Bool, form: ContentEncoder.Form) {
    let end: [UInt8] = form == .dotted ? [0x2E, 0x0D, 0x0A] : []
    for lines in [106, 107, 150, 215, 330] {
      let content = (0..<lines).flatMap { _ in line }
      let odd = (8_192...8_300).filter {
        moved(content, form, needsNoChange: isKnown, perTurn: $0) != content + end
      }
      #expect(odd == [], "\(lines) lines, octets in a turn")
    }
  }
}
