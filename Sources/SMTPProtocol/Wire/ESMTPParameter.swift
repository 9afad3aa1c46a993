/// A parameter of MAIL or RCPT that few messages have (`esmtp-param`, RFC 5321 section 4.1.2),
/// in the form in which it is written. A value that its RFC does not allow cannot be constructed.
package struct ESMTPParameter {
  /// A command has each of them once; of `further` one with each name.
  package enum Kind {
    case priority, deliverBy, holdFor, holdUntil, authSender, solicit
    /// Of RCPT.
    case validSince
    /// One that the library does not know.
    case further
  }

  /// Why a text was refused, to be put after the name of the field: "must be FULL or HDRS".
  package struct Refusal: Error {
    package let reason: ErrorText
  }

  package let kind: Kind
  /// The value as it was given.
  package let text: [UInt8]
  /// What is compared with a limit of the server: seconds, or a moment.
  package let number: Int64
  /// The keyword, as it was given when it is not known to the library.
  let name: [UInt8]
  /// After the keyword and "="; empty when the keyword is all.
  private let value: [UInt8]

  init(_ kind: Kind, _ name: [UInt8], _ text: [UInt8], number: Int64 = 0, value: [UInt8]) {
    self.kind = kind
    self.text = text
    self.number = number
    self.name = name
    self.value = value
  }

  /// As it is written, with the blank before it.
  var length: Int { 1 + name.count + (value.isEmpty ? 0 : 1 + value.count) }

  func write(to output: inout SessionOutput) {
    output.append([.space])
    output.append(name)
    if !value.isEmpty {
      output.append([.equals])
      output.append(value)
    }
  }

  /// MT-PRIORITY (RFC 6710 section 4): the higher, the more urgent.
  package static func priority(_ value: Int64) -> ESMTPParameter {
    let text = Bytes.decimal(value)
    return ESMTPParameter(.priority, Bytes.of("MT-PRIORITY"), text, number: value, value: text)
  }

  /// HOLDFOR (RFC 4865 section 3): seconds until the message is released.
  package static func holdFor(_ seconds: Int64) -> ESMTPParameter {
    let text = Bytes.decimal(seconds)
    return ESMTPParameter(.holdFor, Bytes.of("HOLDFOR"), text, number: seconds, value: text)
  }

  /// HOLDUNTIL (RFC 4865 section 3): the moment at which the message is released, in UTC.
  package static func holdUntil(_ text: [UInt8]) throws(Refusal) -> ESMTPParameter {
    guard let moment = Timestamp(text), moment.isUTC else {
      throw Refusal(reason: "must be a moment in UTC, as in 2026-12-24T18:00:00Z")
    }
    return ESMTPParameter(
      .holdUntil, Bytes.of("HOLDUNTIL"), text, number: moment.seconds, value: moment.text)
  }

  /// BY (RFC 2852 section 4): `by-time ";" by-mode [by-trace]`, a time in seconds and what
  /// becomes of the message when it is not delivered by then. Mode R returns it, so the time
  /// must be in the future; mode N notifies, and counts on beyond 0 (section 4.1.4).
  package static func deliverBy(_ text: [UInt8]) throws(Refusal) -> ESMTPParameter {
    let time = Array(text.prefix { $0 != .semicolon })
    let mode = Bytes.uppercased(Array(text.dropFirst(time.count + 1)))
    let digits = time.first == .plus || time.first == .hyphen ? time.dropFirst() : time[...]
    guard (1...9).contains(digits.count), let value = Bytes.number(Array(digits)),
      mode.first == UInt8(ascii: "R") || mode.first == UInt8(ascii: "N"),
      mode.count == 1 || Array(mode.dropFirst()) == [UInt8(ascii: "T")]
    else {
      throw Refusal(
        reason: "must be seconds of up to 9 digits, \";\", R or N, and T for a trace, as in 3600;RT"
      )
    }
    let seconds = time.first == .hyphen ? -Int64(value) : Int64(value)
    if mode.first == UInt8(ascii: "R"), seconds <= 0 {
      throw Refusal(reason: "must be 1 second or more with R, which returns a message that is late")
    }
    return ESMTPParameter(
      .deliverBy, Bytes.of("BY"), text, number: seconds, value: time + [.semicolon] + mode)
  }

  /// RRVS (RFC 7293 section 3): only if the mailbox has had its owner since this moment, and
  /// after ";" whether the next server without RRVS gets the message (C) or not (R).
  package static func validSince(_ text: [UInt8]) throws(Refusal) -> ESMTPParameter {
    let time = text.prefix { $0 != .semicolon }
    let rest = Bytes.uppercased(Array(text.dropFirst(time.count)))
    guard let moment = Timestamp(Array(time)),
      rest.isEmpty || rest == Bytes.of(";C") || rest == Bytes.of(";R")
    else {
      throw Refusal(
        reason: "must be a moment as in 2026-01-31T12:00:00Z or 2026-01-31T13:00:00+01:00, with"
          + " \";C\" or \";R\" after it or nothing")
    }
    return ESMTPParameter(
      .validSince, Bytes.of("RRVS"), text, number: moment.seconds, value: moment.text + rest)
  }

  /// AUTH (RFC 4954 section 5): who has submitted the message, as xtext.
  package static func authSender(_ text: [UInt8]) throws(Refusal) -> ESMTPParameter {
    let name = Bytes.of("AUTH")
    if text == Bytes.of("<>") { return ESMTPParameter(.authSender, name, text, value: text) }
    do throws(Mailbox.Refusal) {
      let mailbox = try Mailbox(text)
      if mailbox.isInternationalized { throw Mailbox.Refusal(reason: "is not ASCII") }
    } catch {
      throw Refusal(
        reason: "must be a mailbox, or <> when it is not known who has submitted the"
          + " message; the text \(error.reason)")
    }
    let value = Xtext.encode(text)
    // The room that the RFC gives to the command line, with " AUTH=".
    guard value.count <= 494 else {
      throw Refusal(reason: "must not be longer than 494 octets when encoded")
    }
    return ESMTPParameter(.authSender, name, text, value: value)
  }

  /// SOLICIT (RFC 3865 section 2.3): the kinds of solicitation that the message is, as in
  /// "org.example:ADV".
  package static func solicit(_ text: [UInt8]) throws(Refusal) -> ESMTPParameter {
    let words = words(text)
    let isList = words.allSatisfy { word in
      word.first.map { Bytes.isLetter($0) } ?? false
        && word.allSatisfy {
          Bytes.isLetter($0) || Bytes.isDigit($0) || $0 == .dot || $0 == .hyphen
            || $0 == .underscore || $0 == .colon
        }
    }
    let value = Bytes.joined(words, ",")
    // The room that the RFC gives to the command line is 1007 octets, with " SOLICIT=".
    guard isList, value.count <= 998 else {
      throw Refusal(
        reason: "must be keywords with commas between them, as in org.example:ADV, of no more than"
          + " 998 octets")
    }
    return ESMTPParameter(.solicit, Bytes.of("SOLICIT"), text, value: value)
  }

  /// Of a list with commas, without the blanks around each.
  private static func words(_ list: [UInt8]) -> [[UInt8]] {
    list.split(separator: .comma, omittingEmptySubsequences: false).map { Bytes.trimmed($0) }
  }

  // MARK: What a server takes

  /// Why this server cannot take it. What is asked for is never left out silently.
  func refusal(by capabilities: Capabilities) -> ErrorText? {
    let field: StaticString
    let keyword: StaticString
    switch kind {
    case .priority: (field, keyword) = ("mt_priority", "MT-PRIORITY")
    case .deliverBy: (field, keyword) = ("deliver_by", "DELIVERBY")
    case .holdFor: (field, keyword) = ("hold_for", "FUTURERELEASE")
    case .holdUntil: (field, keyword) = ("hold_until", "FUTURERELEASE")
    case .authSender: (field, keyword) = ("auth_sender", "AUTH")
    case .solicit: (field, keyword) = ("solicit", "NO-SOLICITING")
    case .validSince: (field, keyword) = ("to_rrvs", "RRVS")
    case .further:
      // Which keyword of EHLO it belongs to is not known.
      return capabilities.lines.isEmpty
        ? "the parameter \(Bytes.printable(name)) needs an extension, and the server offers none"
        : nil
    }
    guard let offer = capabilities.parameters(of: Bytes.of(keyword)) else {
      return "\(field.description) needs \(keyword.description), which the server does not offer"
    }
    return limit(in: offer).map { "\(field.description) \($0) (\(keyword.description))" }
  }

  /// What the server has announced with the keyword, where that excludes this value. A limit
  /// that is not understood is none.
  private func limit(in offer: [UInt8]) -> ErrorText? {
    let words = offer.split(separator: .space).map { Array($0) }
    switch kind {
    case .deliverBy:
      // RFC 2852 section 2: the least time with mode R.
      guard value.contains(UInt8(ascii: "R")), let least = Bytes.number(Self.words(offer)[0]),
        number < Int64(clamping: least)
      else { return nil }
      return "is \(number) s, and the server takes no less than \(least) with R"
    case .holdFor:
      guard let most = words.first.flatMap({ Bytes.number($0) }), number > Int64(clamping: most)
      else { return nil }
      return "is \(number) s, and the server takes no more than \(most)"
    case .holdUntil:
      guard words.count > 1, let last = Timestamp(words[1]), number > last.seconds else {
        return nil
      }
      return "is later than the server takes, \(Bytes.printable(words[1]))"
    case .solicit:
      // RFC 3865 section 2.1: what the server does not want.
      let wanted = Self.words(value)
      for refused in Self.words(offer) {
        if wanted.contains(where: { Bytes.equalIgnoringCase($0, refused) }) {
          return "holds \(Bytes.printable(refused)), which the server does not take"
        }
      }
      return nil
    case .priority, .authSender, .validSince, .further:
      return nil
    }
  }
}
