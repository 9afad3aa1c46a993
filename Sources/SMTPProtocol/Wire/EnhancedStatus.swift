extension Reply {
  /// The enhanced status code, "5.1.1", when the text begins with one (RFC 2034
  /// section 4) whose class agrees with the reply code.
  package var enhancedStatus: [UInt8]? { enhancedStatusSlice.map { Array($0) } }

  /// The same where it is in the text.
  package var enhancedStatusSlice: ArraySlice<UInt8>? {
    let word = lastLine.prefix { $0 != .space }
    guard let first = word.first, Int(first) - Int(UInt8.digitZero) == code / 100,
      [2, 4, 5].contains(code / 100)
    else { return nil }
    var rest = word.dropFirst()
    guard Self.takeSubcode(&rest), Self.takeSubcode(&rest), rest.isEmpty else { return nil }
    return word
  }

  /// A dot, and one to three digits without a leading zero (RFC 3463 section 2).
  private static func takeSubcode(_ rest: inout ArraySlice<UInt8>) -> Bool {
    guard rest.popFirst() == .dot else { return false }
    let digits = rest.prefix { Bytes.isDigit($0) }
    rest = rest.dropFirst(digits.count)
    return (1...3).contains(digits.count) && (digits.count == 1 || digits.first != .digitZero)
  }
}
