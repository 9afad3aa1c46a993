/// All of a text, a piece at a time into the same memory, as content is written. How
/// many octets came out.
@_cdecl("encode_text")
public func encodeText(_ text: UnsafePointer<UInt8>, _ length: Int, _ piece: Int) -> Int {
  var encoder = ContentEncoder()
  var output: [UInt8] = []
  var total = 0
  var from = 0
  while from < length {
    let count = min(piece, length - from)
    unsafe encoder.encode(Span(_unsafeStart: text + from, count: count), into: &output)
    total += output.count
    output.removeAll(keepingCapacity: true)
    from += count
  }
  return total
}
