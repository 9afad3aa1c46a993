/// What the server offers in its reply to EHLO (RFC 5321 section 4.1.1.1).
///
/// The first line is a greeting and never searched; each other line is one
/// keyword and its parameters, compared as words.
package final class Capabilities: Sendable {
  package let lines: [[UInt8]]
  /// Looked at for every message, so found once.
  package let pipelining: Bool
  package let chunking: Bool
  /// With CHUNKING only (RFC 3030 section 3).
  package let binaryMIME: Bool
  package let eightBitMIME: Bool
  package let smtpUTF8: Bool
  package let dsn: Bool
  package let size: Bool
  /// RFC 1870 section 4: no number or 0 means that there is no fixed limit.
  package let sizeLimit: UInt64?
  package let limits: Limits

  /// The server's limits (LIMITS, RFC 9422); nil for those that it does not announce.
  package struct Limits: Equatable, Sendable {
    /// Transactions over one connection.
    package var transactions: Int?
    /// Recipients of one transaction, and different domains among them.
    package var recipients: Int?
    package var domains: Int?

    package init() {}
  }

  /// None: before EHLO, and after HELO.
  package static let none = Capabilities(reply: Reply(code: 250, lines: []))

  /// Without the keywords to be ignored, which are in upper case.
  package init(reply: Reply, ignoring ignored: [[UInt8]] = []) {
    let lines = reply.lines.dropFirst().filter { line in
      ignored.isEmpty || !ignored.contains(Bytes.uppercased(Self.name(of: line)))
    }
    self.lines = lines
    pipelining = Self.parameters(of: Bytes.of("PIPELINING"), in: lines) != nil
    chunking = Self.parameters(of: Bytes.of("CHUNKING"), in: lines) != nil
    binaryMIME = chunking && Self.parameters(of: Bytes.of("BINARYMIME"), in: lines) != nil
    eightBitMIME = Self.parameters(of: Bytes.of("8BITMIME"), in: lines) != nil
    smtpUTF8 = Self.parameters(of: Bytes.of("SMTPUTF8"), in: lines) != nil
    dsn = Self.parameters(of: Bytes.of("DSN"), in: lines) != nil
    let limit = Self.parameters(of: Bytes.of("SIZE"), in: lines)
    size = limit != nil
    limits = Self.limits(Self.parameters(of: Bytes.of("LIMITS"), in: lines) ?? [])
    sizeLimit = limit.flatMap { Self.number($0) }.flatMap { $0 == 0 ? nil : $0 }
  }

  package var limitsRecipients: Bool { limits.recipients != nil || limits.domains != nil }

  package func has(_ keyword: [UInt8]) -> Bool { parameters(of: keyword) != nil }

  /// The parameters after the keyword, or nil when it is not offered.
  package func parameters(of keyword: [UInt8]) -> [UInt8]? {
    // A keyword has no "="; the older form of AUTH is no keyword of its own.
    if keyword.contains(.equals) { return nil }
    if Bytes.equalIgnoringCase(keyword, Self.auth) { return mechanismList }
    return Self.parameters(of: keyword, in: lines)
  }

  private static var auth: [UInt8] { Bytes.of("AUTH") }

  /// The text as received; for several lines, and for the older form, all mechanisms that
  /// they name.
  private var mechanismList: [UInt8]? {
    let found = lines.filter { Bytes.equalIgnoringCase(Self.name(of: $0), Self.auth) }
    guard let first = found.first else { return nil }
    if found.count == 1, let list = Self.parameters(of: Self.auth, in: [first]),
      list.first != .equals
    {
      return list
    }
    return Bytes.joined(mechanisms, " ")
  }

  /// Words read from a server's AUTH lines: about a dozen are usual, twice as many with the
  /// older form, while one reply has room for 21,000.
  static let mechanismLimit = 128

  /// SASL mechanisms in the order of the server, upper case, from `AUTH A B`
  /// and from the older form `AUTH=A B`, each once.
  package var mechanisms: [[UInt8]] {
    var found: [[UInt8]] = []
    var rest = Self.mechanismLimit
    for line in lines {
      let words = line.split(whereSeparator: { $0 == .space || $0 == .equals || $0 == .tab })
      guard let keyword = words.first,
        Bytes.equalIgnoringCase(Array(keyword), Bytes.of("AUTH"))
      else { continue }
      for word in words.dropFirst().prefix(rest) {
        rest -= 1
        let name = Bytes.uppercased(Array(word))
        if !found.contains(name) { found.append(name) }
      }
    }
    return found
  }

  /// "AUTH" of the older form `AUTH=A B`, too.
  private static func name(of line: [UInt8]) -> [UInt8] {
    keyword(of: Array(line.prefix { $0 != .equals }))
  }

  private static func keyword(of line: [UInt8]) -> [UInt8] {
    Array(line.prefix { $0 != .space && $0 != .tab })
  }

  /// Where in `lines` the keyword is; of AUTH the first, in whichever form.
  package func line(of keyword: [UInt8]) -> Int? {
    guard Bytes.equalIgnoringCase(keyword, Self.auth) else {
      return Self.line(of: keyword, in: lines)
    }
    return lines.firstIndex { Bytes.equalIgnoringCase(Self.name(of: $0), Self.auth) }
  }

  private static func line(of keyword: [UInt8], in lines: [[UInt8]]) -> Int? {
    lines.firstIndex { Bytes.equalIgnoringCase(Self.keyword(of: $0), keyword) }
  }

  private static func parameters(of keyword: [UInt8], in lines: [[UInt8]]) -> [UInt8]? {
    line(of: keyword, in: lines).map { index in
      Array(lines[index].dropFirst(keyword.count).drop { $0 == .space || $0 == .tab })
    }
  }

  /// `MAILMAX=100 RCPTMAX=50`; what is no number above 0 is not understood, and means
  /// nothing (RFC 9422 section 3).
  private static func limits(_ text: [UInt8]) -> Limits {
    var limits = Limits()
    for word in text.split(separator: .space) {
      let name = Array(word.prefix { $0 != .equals })
      guard let value = number(Array(word.dropFirst(name.count + 1))), value > 0 else { continue }
      let limit = Int(clamping: value)
      if Bytes.equalIgnoringCase(name, Bytes.of("MAILMAX")) {
        limits.transactions = limit
      } else if Bytes.equalIgnoringCase(name, Bytes.of("RCPTMAX")) {
        limits.recipients = limit
      } else if Bytes.equalIgnoringCase(name, Bytes.of("RCPTDOMAINMAX")) {
        limits.domains = limit
      }
    }
    return limits
  }

  private static func number(_ text: [UInt8]) -> UInt64? {
    Bytes.number(Array(text.prefix { $0 != .space }))
  }
}
