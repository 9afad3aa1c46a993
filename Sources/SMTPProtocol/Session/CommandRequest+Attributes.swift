/// XCLIENT and XFORWARD, as Postfix documents them: attributes of the client for whom a message is
/// passed on.
extension CommandRequest {
  /// `XCLIENT 1*( SP attribute-name"="attribute-value )`
  package static func xclient(_ attributes: [[UInt8]]) throws(Failure) -> CommandRequest {
    try passing(attributes, Bytes.of("XCLIENT"), .restarts)
  }

  package static func xforward(_ attributes: [[UInt8]]) throws(Failure) -> CommandRequest {
    try passing(attributes, Bytes.of("XFORWARD"), .nothing)
  }

  /// Of the value, before it is encoded.
  private static let valueLimit = 255

  private static func passing(
    _ attributes: [[UInt8]], _ verb: [UInt8], _ effect: Effect
  ) throws(Failure) -> CommandRequest {
    guard !attributes.isEmpty else { throw wrong("there are no attributes") }
    var words: [[UInt8]] = []
    for attribute in attributes { words.append(try word(attribute, verb)) }
    // Postfix takes no other XCLIENT from an address that may not send one.
    let address = Bytes.of("ADDR=")
    if effect == .restarts, let place = words.firstIndex(where: { $0.starts(with: address) }) {
      words.append(words.remove(at: place))
    }
    return CommandRequest(verb, words, needs: .attributes, effect: effect)
  }

  private static func word(_ attribute: [UInt8], _ verb: [UInt8]) throws(Failure) -> [UInt8] {
    let name = Bytes.uppercased(Array(attribute.prefix { $0 != .equals }))
    guard name.count < attribute.count, isName(name) else {
      throw wrong(
        "an attribute is written NAME=value: \"\(Bytes.printable(attribute, limit: 80))\""
      )
    }
    let what: ErrorText = "the value of the attribute \(Bytes.printable(name))"
    let value = Array(attribute.dropFirst(name.count + 1))
    if value.isEmpty {
      throw wrong("\(what) is empty; give [UNAVAILABLE] for one that is not known")
    }
    try check(value, what, most: valueLimit)
    // That of XFORWARD need not be an IP address.
    if verb == Bytes.of("XCLIENT"), name == Bytes.of("ADDR") || name == Bytes.of("DESTADDR"),
      value.contains(.colon),
      !Bytes.equalIgnoringCase(Array(value.prefix(5)), Bytes.of("IPV6:"))
    {
      throw wrong("\(what) is an IPv6 address without its prefix; give IPV6:2001:db8::1")
    }
    let word = name + [.equals] + Xtext.encode(value)
    if verb.count + 1 + word.count > lineLimit {
      throw wrong("\(what) is too long for a command when it is encoded")
    }
    return word
  }

  private static func isName(_ name: [UInt8]) -> Bool {
    (1...64).contains(name.count) && name.allSatisfy { Bytes.isWord($0) }
  }
}
