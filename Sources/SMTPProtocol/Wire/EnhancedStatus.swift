extension Reply {
  /// The enhanced status code, "5.1.1", when the text begins with one (RFC 2034
  /// section 4) whose class agrees with the reply code.
  package var enhancedStatus: [UInt8]? {
    guard let text = lines.last else { return nil }
    let word = text.prefix { $0 != .space }
    let parts = word.split(separator: .dot, omittingEmptySubsequences: false)
    guard parts.count == 3,
      parts[0].count == 1,
      parts.allSatisfy({ isSubcode($0) }),
      let first = parts[0].first,
      Int(first) - Int(UInt8.digitZero) == code / 100, [2, 4, 5].contains(code / 100)
    else { return nil }
    return Array(word)
  }

  /// One to three digits without a leading zero (RFC 3463 section 2).
  private func isSubcode(_ digits: ArraySlice<UInt8>) -> Bool {
    (1...3).contains(digits.count) && digits.allSatisfy { Bytes.isDigit($0) }
      && (digits.count == 1 || digits.first != .digitZero)
  }
}
