/// Replies that were seen lately. Servers say the same few things again and again, and
/// what was said before needs no memory of its own.
struct KnownReplies {
  /// A reply has one place, by its length and its end.
  private var replies: [Reply?] = []

  private static let places = 16
  /// Longer ones are seldom said twice.
  private static let lengthLimit = 48

  mutating func reply(_ code: Int, _ text: Span<UInt8>) -> Reply {
    // Others are rare, or may hold what is not to be kept.
    guard code == 250 || code == 354, let end = text.indices.last, end < Self.lengthLimit else {
      return Self.make(code, text)
    }
    if replies.isEmpty { replies = [Reply?](repeating: nil, count: Self.places) }
    let place = (text.count &* 5 &+ Int(text[end]) &+ code) % Self.places
    if let known = replies[place], known.isText(text) { return known }
    let reply = Self.make(code, text)
    replies[place] = reply
    return reply
  }

  private static func make(_ code: Int, _ text: Span<UInt8>) -> Reply {
    Reply(
      code: code,
      text: [UInt8](capacity: text.count) { copy in
        for index in text.indices { copy.append(text[index]) }
      })
  }
}

extension Reply {
  fileprivate func isText(_ other: Span<UInt8>) -> Bool {
    let text = self.text.span
    guard text.count == other.count else { return false }
    // The end is where replies of the same code differ.
    var index = text.count
    while index > 0 {
      index &-= 1
      if text[index] != other[index] { return false }
    }
    return true
  }
}
