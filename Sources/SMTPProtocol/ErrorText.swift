/// Text for a person, put together by interpolation like a String, but through a
/// few functions that are never inlined: error texts are cold, many, and would
/// otherwise make up a third of the shipped library.
package struct ErrorText: ExpressibleByStringInterpolation, Sendable {
  package private(set) var bytes: [UInt8]

  package init(_ text: String) { bytes = Array(text.utf8) }

  package init(bytes: [UInt8]) { self.bytes = bytes }

  package init(stringLiteral value: StaticString) {
    bytes = Bytes.of(value)
  }

  package init(stringInterpolation: StringInterpolation) {
    bytes = stringInterpolation.bytes
  }

  package var isEmpty: Bool { bytes.isEmpty }

  package var text: String {
    @inline(never)
    get { String(decoding: bytes, as: UTF8.self) }
  }

  @inline(never)
  package static func + (left: ErrorText, right: ErrorText) -> ErrorText {
    ErrorText(bytes: left.bytes + right.bytes)
  }

  @inline(never)
  package static func += (left: inout ErrorText, right: ErrorText) {
    left.bytes += right.bytes
  }

  package struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var bytes: [UInt8] = []

    package init(literalCapacity: Int, interpolationCount: Int) {}

    @inline(never)
    package mutating func appendLiteral(_ literal: StaticString) {
      bytes += Bytes.of(literal)
    }

    @inline(never)
    package mutating func appendInterpolation(_ text: String) {
      bytes += Array(text.utf8)
    }

    @inline(never)
    package mutating func appendInterpolation(_ message: ErrorText) {
      bytes += message.bytes
    }

    package mutating func appendInterpolation(_ number: some FixedWidthInteger) {
      append(number < 0, UInt64(clamping: number.magnitude))
    }

    @inline(never)
    private mutating func append(_ isNegative: Bool, _ magnitude: UInt64) {
      if isNegative { bytes.append(.hyphen) }
      bytes += Bytes.decimal(magnitude)
    }
  }
}
