@testable import SMTPProtocol

/// Arrays, which are easier to compare, for the buffers of the core.
extension OctetBuffer {
  init(_ octets: [UInt8]) {
    self.init()
    append(octets)
  }

  var octets: [UInt8] { self[0..<count] }

  static func += (left: inout OctetBuffer, right: [UInt8]) { left.append(right) }
}

func text(_ buffer: OctetBuffer) -> String { text(buffer.octets) }

extension ContentEncoder {
  mutating func encode(_ input: Span<UInt8>, into output: inout [UInt8]) {
    var buffer = OctetBuffer(output)
    encode(input, into: &buffer)
    output = buffer.octets
  }

  mutating func finish(into output: inout [UInt8]) {
    var buffer = OctetBuffer(output)
    finish(into: &buffer)
    output = buffer.octets
  }
}

extension ReplyParser {
  mutating func append(_ octets: ArraySlice<UInt8>) { append(Array(octets).span) }
}
