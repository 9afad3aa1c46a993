/// A complete reply of the server (RFC 5321 section 4.2).
package struct Reply: Equatable {
  /// 200 to 599.
  package let code: Int
  /// The text of each line, without code, separator and line end.
  package let lines: [[UInt8]]

  package init(code: Int, lines: [[UInt8]]) {
    self.code = code
    self.lines = lines
  }

  package var isPositive: Bool { code >= 200 && code < 300 }
  /// 4yz: the same again may work later (RFC 5321 section 4.2.1).
  package var isTransient: Bool { code >= 400 && code < 500 }

  /// The reply as it came: every line with its code, joined by LF.
  package var text: [UInt8] {
    var text: [UInt8] = []
    for (index, line) in lines.enumerated() {
      if index > 0 { text.append(0x0A) }
      text.append(contentsOf: Bytes.decimal(code))
      let isLast = index == lines.count - 1
      if !isLast || !line.isEmpty { text.append(isLast ? 0x20 : 0x2D) }
      text.append(contentsOf: line)
    }
    return text
  }
}
