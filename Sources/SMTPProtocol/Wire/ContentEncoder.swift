/// Turns the content of a message into the form that DATA needs: every line end
/// becomes CRLF, and a line that begins with a dot gets another one in front
/// (RFC 5321 sections 2.3.8 and 4.5.2).
///
/// CRLF, a lone LF and a lone CR are line ends, so no server can see a line
/// start where the encoder did not see one. What is kept between chunks is all
/// that matters of the past: whether a line starts here, and whether a CR was
/// just turned into CRLF and its LF may still follow.
package struct ContentEncoder {
  /// Octets of content with repaired line ends, without added dots (RFC 1870
  /// section 5).
  package private(set) var size: UInt64 = 0
  private var atLineStart = true
  private var afterCR = false

  package init() {}

  package mutating func encode(_ input: Span<UInt8>, into output: inout [UInt8]) {
    // Work on copies: the compiler keeps them in registers.
    var lineStart = atLineStart
    var skipLF = afterCR
    var written = 0
    // Every octet becomes two at most: CR or LF a CRLF, a dot two dots.
    output.append(addingCapacity: input.count &* 2) { span in
      for index in input.indices {
        let byte = input[index]
        if byte == 0x0A || byte == 0x0D {
          if byte == 0x0A && skipLF {
            skipLF = false
            continue
          }
          span.append(0x0D)
          span.append(0x0A)
          written &+= 2
          lineStart = true
          skipLF = byte == 0x0D
        } else {
          if lineStart && byte == 0x2E { span.append(0x2E) }
          span.append(byte)
          written &+= 1
          lineStart = false
          skipLF = false
        }
      }
    }
    atLineStart = lineStart
    afterCR = skipLF
    size &+= UInt64(written)
  }

  /// Ends the last line if it has no end, and adds the line with the dot. An
  /// empty message gets no line of its own (RFC 5321 section 4.1.1.4).
  package mutating func finish(into output: inout [UInt8]) {
    if !atLineStart {
      output.append(0x0D)
      output.append(0x0A)
      size &+= 2
      atLineStart = true
    }
    output.append(contentsOf: Self.terminator)
  }

  package static let terminator: [UInt8] = [0x2E, 0x0D, 0x0A]
}
