/// A command that the library does not know.
extension CommandRequest {
  /// One line with one reply. `hides`: all after its first word is kept out of the log.
  package static func line(
    _ line: Secret, hides: Bool, _ cryptography: any Cryptography
  ) throws(Failure) -> CommandRequest {
    let octets = line.bytes
    let what: ErrorText = "the command (line)"
    guard !octets.isEmpty else { throw wrong("\(what) is missing") }
    try check(octets, what, most: lineLimit)
    let verb = Array(octets.prefix { Bytes.isWord($0) })
    let rest = octets.dropFirst(verb.count)
    guard !verb.isEmpty, rest.isEmpty || rest.first == .space else {
      throw wrong(
        "\(what) must begin with a word of letters, digits and hyphens, and a blank after it")
    }
    if let instead = instead(of: verb) {
      throw wrong("\(Bytes.printable(verb)) cannot be sent as a line of its own: \(instead)")
    }
    if rest.count < 2 { return CommandRequest(verb) }
    let argument = Secret.joined([rest.dropFirst()], cryptography)
    return hides
      ? CommandRequest(verb, secret: argument) : CommandRequest(verb, [argument.bytes])
  }

  /// Commands that change what the session must know, or that have more than one reply.
  private static func instead(of verb: [UInt8]) -> ErrorText? {
    let known: [(StaticString, StaticString)] = [
      ("MAIL RCPT DATA BDAT BURL SEND SOML SAML", "call send"),
      ("EHLO HELO LHLO", "call hello"),
      ("RSET", "call reset"),
      ("QUIT", "call quit"),
      ("AUTH X-EXPS", "call login"),
      ("XCLIENT", "call xclient"),
      ("STARTTLS X-ANONYMOUSTLS", "set the option require_tls, or secure"),
      ("TURN ATRN", "it would make this the server"),
    ]
    for (verbs, text) in known where Bytes.hasWord(verb, in: Bytes.of(verbs)) {
      return ErrorText(stringLiteral: text)
    }
    return nil
  }
}
