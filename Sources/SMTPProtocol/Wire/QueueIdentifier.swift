extension Reply {
  /// The identifier under which the server queued the message, as far as the
  /// wording of the final reply is known:
  ///
  ///     250 2.0.0 Ok: queued as 4F2A          Postfix
  ///     250 OK id=1tEmaY-0001Ab-2C            Exim
  ///     250 2.0.0 4AM Message accepted for delivery   Sendmail, OpenSMTPD
  package var queueIdentifier: [UInt8]? { queueIdentifierSlice.map { Array($0) } }

  /// The same where it is in the text.
  package var queueIdentifierSlice: ArraySlice<UInt8>? {
    guard isPositive else { return nil }
    var rest = lastLine
    var before: ArraySlice<UInt8>?
    var word = Self.takeWord(&rest)
    var second = Self.takeWord(&rest)
    var third = Self.takeWord(&rest)
    while let here = word {
      if here.count > 3, here.dropFirst(2).first == .equals, Self.isWord(here.prefix(3), "id=") {
        return here.dropFirst(3)
      }
      if let second, let third {
        if Self.isWord(here, "queued"), Self.isWord(second, "as") { return third }
        if let before, Self.isWord(here, "Message"), Self.isWord(second, "accepted"),
          Self.looksLikeIdentifier(before)
        {
          return before
        }
      }
      before = here
      word = second
      second = third
      third = Self.takeWord(&rest)
    }
    return nil
  }

  private static func takeWord(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    rest = rest.drop { $0 == .space }
    let word = rest.prefix { $0 != .space }
    rest = rest[word.endIndex...]
    return word.isEmpty ? nil : word
  }

  /// In any case.
  private static func isWord(_ word: ArraySlice<UInt8>, _ literal: StaticString) -> Bool {
    word.count == literal.utf8CodeUnitCount
      && Bytes.equalIgnoringCase(Array(word), Bytes.of(literal))
  }

  /// Not "OK", not an enhanced status code. OpenSMTPD's has eight hexadecimal digits,
  /// which now and then are all letters.
  private static func looksLikeIdentifier(_ word: ArraySlice<UInt8>) -> Bool {
    if word.count == 8, Bytes.value(ofHexadecimal: word.dropFirst()) != nil,
      Bytes.value(ofHexadecimal: word.prefix(1)) != nil
    {
      return true
    }
    return word.contains { Bytes.isDigit($0) } && !word.contains(.dot)
  }
}
