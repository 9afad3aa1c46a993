/// Encodes the content of a message for DATA, chunks or BINARYMIME.
///
/// CRLF, a lone LF and a lone CR are line ends and become CRLF, so no server can see
/// the start of a line where the encoder did not see one. The state between pieces is
/// whether a line starts here, and whether a CR was just turned into CRLF, so that
/// its LF may still follow.
package struct ContentEncoder {
  package enum Form {
    /// For DATA: a line that begins with a dot gets another one in front, and a line
    /// with a dot is the end (RFC 5321 sections 2.3.8 and 4.5.2).
    case dotted
    /// For BDAT, whose octets are counted (RFC 3030 section 2).
    case counted
    /// BODY=BINARYMIME: not one octet is changed (RFC 3030 section 3).
    case binary
  }

  /// Octets of content with repaired line ends, without added dots (RFC 1870
  /// section 5).
  package private(set) var size: UInt64 = 0
  private let form: Form
  /// Nothing is inspected, and a CR and its LF may be in two pieces.
  private let isAsItIs: Bool
  private var atLineStart = true
  private var afterCR = false

  /// `needsNoChange`: all of the content is known to need no change.
  package init(_ form: Form = .dotted, needsNoChange: Bool = false) {
    self.form = form
    isAsItIs = needsNoChange || form == .binary
  }

  // MARK: Unchanged

  /// How many octets from the front of `input` need no change, so that they can be sent
  /// without copying.
  package func unchanged(_ input: Span<UInt8>) -> Int {
    if isAsItIs || input.isEmpty { return input.count }
    if afterCR, input[0] == .lf { return 0 }
    if atLineStart, form == .dotted, input[0] == .dot { return 0 }
    return nextChange(input, from: 0, skipsBlocks: true)
  }

  /// Records octets that `unchanged` has accepted and that were sent.
  package mutating func pass(_ input: Span<UInt8>) {
    guard let last = input.indices.last else { return }
    atLineStart = input[last] == .lf
    afterCR = false
    size &+= UInt64(input.count)
  }

  /// The index of the next octet that needs a change: a CR or LF without the other
  /// (a CR at the end too), or a dot after a line end. The octet at `start` may be
  /// such a CR or LF; a dot there is not one after a line end.
  @inline(__always)
  private func nextChange(_ input: Span<UInt8>, from start: Int, skipsBlocks: Bool) -> Int {
    let count = input.count
    let isDotted = form == .dotted
    let dot: UInt8 = isDotted ? .dot : .lf
    var seen: UInt64 = 0
    var index = start
    while true {
      if skipsBlocks {
        index = OctetScan.skipRegularLines(input, from: index, dot: dot, seen: &seen)
      }
      let end = OctetScan.nextControl(input, from: index, seen: &seen)
      guard end < count else { return count }
      index = end &+ 1
      let octet = input[end]
      if octet == .lf { return end }
      guard octet == .cr else { continue }
      guard index < count, input[index] == .lf else { return end }
      index &+= 1
      if isDotted, index < count, input[index] == .dot { return index }
    }
  }

  // MARK: Changed

  package mutating func encode(_ input: Span<UInt8>, into output: inout OctetBuffer) {
    // Every octet becomes two at most: CR or LF a CRLF, a dot two dots.
    let most = isAsItIs ? input.count : 2 &* input.count
    output.append(most: most) { room, start in encode(input, &room, start) }
  }

  /// Writes from `start` on; returns where it has ended.
  @_optimize(speed)
  private mutating func encode(
    _ input: Span<UInt8>, _ output: inout MutableSpan<UInt8>, _ start: Int
  ) -> Int {
    let count = input.count
    guard count > 0 else { return start }
    if isAsItIs {
      OctetScan.copy(input, to: &output, at: start)
      pass(input)
      return start &+ count
    }
    var dots = 0
    var place = start
    var index = 0
    var skipsBlocks = true
    if afterCR, input[0] == .lf { index = 1 }
    if form == .dotted, atLineStart, index < count, input[index] == .dot {
      output[place] = .dot
      place &+= 1
      dots &+= 1
    }
    while index < count {
      let end = nextChange(input, from: index, skipsBlocks: skipsBlocks)
      OctetScan.copy(input.extracting(index..<end), to: &output, at: place)
      place &+= end &- index
      // When every line needs a change there are no blocks to skip.
      skipsBlocks = end &- index > Self.longLine
      index = end
      guard index < count else { break }
      let octet = input[index]
      if octet == .dot {
        output[place] = .dot
        output[place &+ 1] = .dot
        place &+= 2
        dots &+= 1
        index &+= 1
        continue
      }
      output[place] = .cr
      output[place &+ 1] = .lf
      place &+= 2
      index &+= 1
      if octet == .cr, index < count, input[index] == .lf { index &+= 1 }
      if form == .dotted, index < count, input[index] == .dot {
        output[place] = .dot
        place &+= 1
        dots &+= 1
      }
    }
    let last = input[count &- 1]
    afterCR = last == .cr
    atLineStart = afterCR || last == .lf
    size &+= UInt64(place &- start &- dots)
    return place
  }

  /// Longer than lines usually are.
  private static let longLine = 256

  /// Ends the last line if it has no end, and adds what `form` has for the end. An
  /// empty message gets no line of its own (RFC 5321 section 4.1.1.4).
  package mutating func finish(into output: inout OctetBuffer) {
    if form == .binary { return }
    if !atLineStart {
      output.append(.cr)
      output.append(.lf)
      size &+= 2
      atLineStart = true
    }
    if form == .dotted { output.append(Self.terminator) }
  }

  package static let terminator: [UInt8] = [.dot, .cr, .lf]
}
