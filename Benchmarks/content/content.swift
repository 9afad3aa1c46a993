/// All of a text, a piece at a time, as content is written: what needs no change stays
/// where it is, the rest goes into the same memory. How many octets leave.
@_cdecl("encode_text")
public func encodeText(_ text: UnsafePointer<UInt8>, _ length: Int, _ piece: Int) -> Int {
  var encoder = ContentEncoder()
  var output = OctetBuffer()
  var total = 0
  var from = 0
  while from < length {
    let octets = unsafe Span(_unsafeStart: text + from, count: min(piece, length - from))
    let unchanged = encoder.unchanged(octets)
    if unchanged >= shortPiece {
      encoder.pass(octets.extracting(first: unchanged))
      total += unchanged
      from += unchanged
    } else {
      let copied = octets.extracting(first: copiedPiece)
      encoder.encode(copied, into: &output)
      total += output.count
      output.removeAll()
      from += copied.count
    }
  }
  return total
}

// As in SMTPConnection/ContentTransfer.swift.
private let shortPiece = 8_192
private let copiedPiece = 32_768
