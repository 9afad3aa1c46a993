/// Common mistakes in place of an address, and what to give instead.
enum AddressAdvice {
  /// Why the text is no mailbox, to be put after the text; nil when it is no known mistake.
  static func reason(_ text: [UInt8]) -> ErrorText? {
    let mailto = Bytes.of("mailto:")
    if Bytes.equalIgnoringCase(Array(text.prefix(mailto.count)), mailto) {
      return "is a URL; leave out \"mailto:\""
    }
    guard let marks = Marks(text) else { return nil }
    if marks.isList { return "is more than one address; give each of them alone" }
    if let start = marks.open, text.last == .greater {
      let inner = Array(text[(start + 1)...].dropLast())
      if inner.isEmpty { return "is the null reverse-path, which only the sender can have" }
      let shown = Bytes.printable(inner, limit: 80)
      return start == 0
        ? "has angle brackets; give \"\(shown)\" without them"
        : "has a display name; give only the address in the angle brackets, \"\(shown)\""
    }
    if marks.endsWithComment { return "ends with a comment; leave out the parentheses" }
    return nil
  }

  /// What is found outside quoted strings; nil when one does not end.
  private struct Marks {
    var open: Int?
    /// A comma or semicolon has an address before it.
    var isList = false
    var endsWithComment = false

    init?(_ text: [UInt8]) {
      var isQuoted = false
      var isEscaped = false
      var hasAt = false
      for (index, byte) in text.enumerated() {
        if isEscaped {
          isEscaped = false
          continue
        }
        switch byte {
        case .backslash where isQuoted: isEscaped = true
        case .quote: isQuoted.toggle()
        case _ where isQuoted: break
        case .at: hasAt = true
        case .comma, .semicolon: if hasAt { isList = true }
        case .less: if open == nil { open = index }
        default: break
        }
        endsWithComment = byte == .closeParenthesis && hasAt && !isQuoted
      }
      if isQuoted { return nil }
    }
  }
}
