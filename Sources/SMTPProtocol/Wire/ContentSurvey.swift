/// What can be known of a message by looking at it before it is sent.
package struct ContentSurvey {
  /// As `ContentEncoder.size` will be.
  package private(set) var size: UInt64 = 0
  /// An octet above 127 stands somewhere (RFC 6152).
  package private(set) var hasEightBit = false
  /// One stands in the header (RFC 6532).
  package private(set) var hasEightBitHeader = false

  private var atLineStart = true
  private var afterCR = false
  private var inHeader = true

  package init() {}

  package mutating func add(_ input: Span<UInt8>) {
    var lineStart = atLineStart
    var skipLF = afterCR
    var header = inHeader
    var count: UInt64 = 0
    var seen: UInt8 = 0
    for index in input.indices {
      let byte = input[index]
      if byte == 0x0A || byte == 0x0D {
        if byte == 0x0A && skipLF {
          skipLF = false
          continue
        }
        if lineStart && header {
          header = false
          hasEightBitHeader = hasEightBit || seen >= 0x80
        }
        count &+= 2
        lineStart = true
        skipLF = byte == 0x0D
      } else {
        seen |= byte
        count &+= 1
        lineStart = false
        skipLF = false
      }
    }
    if seen >= 0x80 { hasEightBit = true }
    if header { hasEightBitHeader = hasEightBit }
    atLineStart = lineStart
    afterCR = skipLF
    inHeader = header
    size &+= count
  }

  /// A last line without an end gets one.
  package mutating func finish() {
    if !atLineStart { size &+= 2 }
    atLineStart = true
  }
}
