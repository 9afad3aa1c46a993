/// Content must not depend on how its source cuts it, and must not end early.
///
/// Input: one octet that chooses how to cut, then the content.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzContentEncoder(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
  guard let choice = input.first else { return 0 }
  let content = Array(input.dropFirst())
  let lines = lines(of: content)
  var wanted = lines.flatMap { ($0.first == 0x2E ? [0x2E] : []) + $0 + [0x0D, 0x0A] }
  wanted += [0x2E, 0x0D, 0x0A]
  for piece in [max(content.count, 1), max(Int(choice), 1), 1] {
    var encoder = ContentEncoder()
    var output = OctetBuffer()
    var rest = content[...]
    while !rest.isEmpty {
      encoder.encode(Array(rest.prefix(piece)).span, into: &output)
      rest = rest.dropFirst(piece)
    }
    encoder.finish(into: &output)
    precondition(output[0..<output.count] == wanted)
    precondition(encoder.size == UInt64(lines.reduce(0) { $0 + $1.count + 2 }))
  }
  return 0
}

/// As simple as possible.
private func lines(of content: [UInt8]) -> [[UInt8]] {
  var lines: [[UInt8]] = [[]]
  var previous: UInt8 = 0
  for byte in content {
    switch byte {
    case 0x0A where previous == 0x0D: break
    case 0x0A, 0x0D: lines.append([])
    default: lines[lines.count - 1].append(byte)
    }
    previous = byte
  }
  if lines[lines.count - 1].isEmpty { lines.removeLast() }
  return lines
}
