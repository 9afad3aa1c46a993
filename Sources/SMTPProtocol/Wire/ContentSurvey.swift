/// What is known of a message by inspecting it before it is sent.
package struct ContentSurvey {
  /// False when only the beginning was inspected: then `size` is the number of octets
  /// of the message, and the properties below may still become true.
  package private(set) var isWhole = true
  /// As `ContentEncoder.size` will be.
  package private(set) var size: UInt64 = 0
  /// As they are.
  package private(set) var octets: UInt64 = 0
  /// There is an octet above 127 (RFC 6152).
  package private(set) var hasEightBit = false
  /// Or none was seen yet.
  package var mayHaveEightBit: Bool { hasEightBit || !isWhole }
  /// There is one in the header (RFC 6532).
  package private(set) var hasEightBitHeader = false
  /// Every line ends with CRLF, the last one too.
  package private(set) var hasRegularLines = true
  /// A line begins with a dot.
  package private(set) var hasDots = false

  private var atLineStart = true
  private var afterCR = false
  package private(set) var inHeader = true

  package init() {}

  @_optimize(speed)
  package mutating func add(_ input: Span<UInt8>) {
    let count = input.count
    guard count > 0 else { return }
    var seen = hasEightBit ? OctetScan.eightBit : 0
    var added = 0
    var index = 0
    if afterCR {
      if input[0] == .lf {
        // The other half of a line end that was counted as a whole.
        index = 1
        added = -1
      } else {
        hasRegularLines = false
      }
    }
    // -1: in an earlier piece.
    var lineStart = atLineStart ? index : -1
    if atLineStart, index < count, input[index] == .dot { hasDots = true }
    while true {
      if !inHeader, hasRegularLines {
        index = OctetScan.skipRegularLines(input, from: index, dot: .dot, seen: &seen)
      }
      let end = OctetScan.nextControl(input, from: index, seen: &seen)
      guard end < count else { break }
      let octet = input[end]
      index = end &+ 1
      if octet == .cr, index < count, input[index] == .lf {
        index &+= 1
      } else if octet == .cr || octet == .lf {
        added &+= 1
        // Whether a CR at the end is alone depends on the next piece.
        if octet == .lf || index < count { hasRegularLines = false }
      } else {
        continue
      }
      if inHeader, end == lineStart {
        inHeader = false
        hasEightBitHeader = OctetScan.hasEightBit(seen)
      }
      lineStart = index
      if index < count, input[index] == .dot { hasDots = true }
    }
    let last = input[count &- 1]
    afterCR = last == .cr
    atLineStart = afterCR || last == .lf
    hasEightBit = OctetScan.hasEightBit(seen)
    if inHeader { hasEightBitHeader = hasEightBit }
    octets &+= UInt64(count)
    size &+= UInt64(truncatingIfNeeded: count &+ added)
  }

  /// A last line without an end gets one.
  package mutating func finish() {
    if !atLineStart { size &+= 2 }
    if !atLineStart || afterCR { hasRegularLines = false }
    atLineStart = true
    afterCR = false
  }
}

extension ContentSurvey {
  /// Of a whole message.
  package init(of content: Span<UInt8>) {
    self.init()
    add(content)
    finish()
  }

  /// Inspecting more than this would take as long as sending it.
  package static let lookLimit = 1 << 20

  /// The first inspection of a message: all of it, unless it is large.
  package init(lookingAt content: Span<UInt8>) {
    self.init(of: content.extracting(first: Self.lookLimit))
    if content.count > Self.lookLimit {
      isWhole = false
      octets = UInt64(content.count)
      size = octets
    }
  }
}
