/// A complete reply of the server (RFC 5321 section 4.2).
package struct Reply: Equatable {
  /// 200 to 599.
  package let code: Int
  /// The reply as it came: every line with its code, joined by LF.
  package let text: [UInt8]

  init(code: Int, text: [UInt8]) {
    self.code = code
    self.text = text
  }

  /// Of lines without code, separator and line end.
  package init(code: Int, lines: [[UInt8]]) {
    var text: [UInt8] = []
    for (index, line) in lines.enumerated() {
      if index > 0 { text.append(.lf) }
      text += Bytes.decimal(code)
      let isLast = index == lines.count - 1
      if !isLast || !line.isEmpty { text.append(isLast ? .space : .hyphen) }
      text += line
    }
    self.init(code: code, text: text)
  }

  /// The text of each line, without code, separator and line end.
  package var lines: [[UInt8]] {
    text.split(separator: .lf).map { Array($0.dropFirst(4)) }
  }

  /// The text of the last one.
  var lastLine: ArraySlice<UInt8> {
    let start = text.lastIndex(of: .lf).map { $0 + 1 } ?? text.startIndex
    return text[start...].dropFirst(4)
  }

  /// The text of all lines in one, where a word that goes on in the next line is whole.
  var words: [UInt8] { Bytes.joined(lines, "") }

  /// One line (RFC 5321 section 4.5.3.1.5).
  static let shortLimit = 512

  /// The beginning, no longer than one line: whole lines if there are any, else whole
  /// characters.
  var shortened: Reply {
    var start = text.prefix(Self.shortLimit)
    guard start.count < text.count else { return self }
    if let end = start.lastIndex(of: .lf) {
      start = start[..<end]
    } else {
      // What follows begins inside a character (RFC 3629 section 3).
      var end = start.endIndex
      while end > 4, text[end] & 0xC0 == 0x80 { end -= 1 }
      start = start[..<end]
    }
    return Reply(code: code, text: Array(start))
  }

  /// Without its text, which has a secret in it.
  var masked: Reply {
    let status = enhancedStatus.map { $0 + [.space] } ?? []
    return Reply(code: code, lines: [status + Command.mask])
  }

  /// 3yz: the server waits for more.
  var isIntermediate: Bool { code >= 300 && code < 400 }
  package var isPositive: Bool { code >= 200 && code < 300 }
  /// 4yz: the same again may work later (RFC 5321 section 4.2.1).
  package var isTransient: Bool { code >= 400 && code < 500 }
}
