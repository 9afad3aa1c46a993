/// The commands with one reply. What is wrong with an argument is found here, before anything
/// is started.
extension CommandRequest {
  package static func reset() -> CommandRequest { CommandRequest(Command.reset, effect: .resets) }

  package static func noop() -> CommandRequest { CommandRequest(Bytes.of("NOOP")) }

  /// LHLO with LMTP; the session has the name.
  package static func hello() -> CommandRequest {
    CommandRequest(Bytes.of("EHLO"), effect: .renews)
  }

  /// RFC 5321 section 4.1.1.6.
  package static func verify(_ text: [UInt8]?) throws(Failure) -> CommandRequest {
    try named(Bytes.of("VRFY"), text, "the user or address (text)")
  }

  /// RFC 5321 section 4.1.1.7.
  package static func expand(_ list: [UInt8]?) throws(Failure) -> CommandRequest {
    try named(Bytes.of("EXPN"), list, "the mailing list (list)")
  }

  /// With SMTPUTF8 where the text makes it necessary: some servers take the parameter for a part
  /// of the address.
  private static func named(
    _ verb: [UInt8], _ text: [UInt8]?, _ what: ErrorText
  ) throws(Failure) -> CommandRequest {
    let keyword = Bytes.of("SMTPUTF8")
    let text = try checked(text, what, most: lineLimit - verb.count - keyword.count - 2)
    let isASCII = text.allSatisfy { $0 < 0x80 }
    return CommandRequest(
      verb, isASCII ? [text] : [text, keyword], needs: isASCII ? .nothing : .smtpUTF8)
  }

  /// RFC 1985: a domain, "@" and a domain, or "#" and the name of a queue.
  package static func etrn(_ node: [UInt8]?) throws(Failure) -> CommandRequest {
    let verb = Bytes.of("ETRN")
    let what: ErrorText = "the domain or queue (node)"
    let node = try checked(node, what, most: lineLimit - verb.count - 1)
    guard node.allSatisfy({ $0 > .space && $0 < .delete }) else {
      throw wrong(
        "\(what) must be ASCII without blanks; give a domain outside ASCII as its A-label")
    }
    return CommandRequest(verb, [node], needs: .verb)
  }

  /// The error of an argument.
  @inline(never)
  static func wrong(_ text: ErrorText) -> Failure { Failure(.command, text) }

  /// Not empty, of characters that a line can hold, and no longer than it.
  static func checked(
    _ text: [UInt8]?, _ what: ErrorText, most: Int
  ) throws(Failure) -> [UInt8] {
    guard let text, !text.isEmpty else { throw wrong("\(what) is missing") }
    try check(text, what, most: most)
    return text
  }

  static func check(_ text: [UInt8], _ what: ErrorText, most: Int) throws(Failure) {
    if text.contains(where: { Bytes.isControl($0) }) {
      throw wrong("\(what) has a control character")
    }
    if text.count > most {
      throw wrong("\(what) is longer than the \(most) octets that a command has room for")
    }
    if !Bytes.isUTF8(text) {
      throw wrong("\(what) is not UTF-8")
    }
  }
}
