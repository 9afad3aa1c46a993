extension Reply {
  /// The identifier under which the server queued the message, as far as the
  /// wording of the final reply is known:
  ///
  ///     250 2.0.0 Ok: queued as 4F2A          Postfix
  ///     250 OK id=1tEmaY-0001Ab-2C            Exim
  ///     250 2.0.0 4AM Message accepted for delivery   Sendmail, OpenSMTPD
  package var queueIdentifier: [UInt8]? {
    guard isPositive, let text = lines.last else { return nil }
    let words = text.split(separator: .space).map { Array($0) }
    for (index, word) in words.enumerated() {
      if Bytes.equalIgnoringCase(Array(word.prefix(3)), Bytes.of("id=")), word.count > 3 {
        return Array(word.dropFirst(3))
      }
      guard index + 2 < words.count else { continue }
      if Bytes.equalIgnoringCase(word, Bytes.of("queued")),
        Bytes.equalIgnoringCase(words[index + 1], Bytes.of("as"))
      {
        return words[index + 2]
      }
      if index > 0, Bytes.equalIgnoringCase(word, Bytes.of("Message")),
        Bytes.equalIgnoringCase(words[index + 1], Bytes.of("accepted")),
        looksLikeIdentifier(words[index - 1])
      {
        return words[index - 1]
      }
    }
    return nil
  }

  /// Not "OK", not an enhanced status code. OpenSMTPD's has eight hexadecimal digits,
  /// which now and then are all letters.
  private func looksLikeIdentifier(_ word: [UInt8]) -> Bool {
    if word.count == 8, word.allSatisfy({ Bytes.of("0123456789abcdef").contains($0) }) {
      return true
    }
    return word.contains { Bytes.isDigit($0) } && !word.contains(.dot)
  }
}
