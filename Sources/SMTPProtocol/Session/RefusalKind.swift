/// Why a server refused, as far as its reply says it in a way that does not depend on its
/// wording: by what the reply answers, its code, and its enhanced status code (RFC 3463,
/// RFC 5248, and those of the large providers). Words of the text decide only where one code has
/// several meanings.
enum RefusalKind {
  struct Places: OptionSet {
    let rawValue: UInt8
    static var opening: Places { Places(rawValue: 1) }
    static var login: Places { Places(rawValue: 2) }
    static var sender: Places { Places(rawValue: 4) }
    static var recipient: Places { Places(rawValue: 8) }
    /// The reply to DATA or to the content.
    static var message: Places { Places(rawValue: 16) }
    static var other: Places { Places(rawValue: 32) }
    static var mail: Places { Places(rawValue: 28) }
    static var any: Places { Places(rawValue: 63) }
  }

  /// Words are looked for in the beginning of a reply.
  private static let textLimit = 1000

  static func of(_ reply: Reply, at place: Places) -> FailureKind {
    let text = words(of: reply)
    for rule in wordRules
    where rule.places.contains(place) && rule.fits(reply.code)
      && Bytes.contains(text, Bytes.of(rule.words))
    {
      return FailureKind(Int32(rule.kind))
    }
    let status = status(of: reply)
    for rule in rules where rule.places.contains(place) && rule.fits(reply.code, status) {
      return FailureKind(Int32(rule.kind))
    }
    return .none
  }

  /// Upper case, and without what is in angle brackets: servers repeat addresses there.
  private static func words(of reply: Reply) -> [UInt8] {
    var words: [UInt8] = []
    var isInside = false
    for byte in reply.text.prefix(textLimit) {
      if byte == .less { isInside = true }
      if !isInside { words.append(byte == .lf ? .space : Bytes.uppercased(byte)) }
      if byte == .greater { isInside = false }
    }
    return words
  }

  private static func status(of reply: Reply) -> (subject: Int, detail: Int)? {
    guard let status = reply.enhancedStatus else { return nil }
    let parts = status.split(separator: .dot).map { part in
      part.reduce(0) { $0 * 10 + Int($1 &- .digitZero) }
    }
    return parts.count == 3 ? (parts[1], parts[2]) : nil
  }

  /// A word that decides between the meanings of a code.
  private struct WordRule {
    let places: Places
    /// As in `Rule`.
    let code: Int16
    let words: StaticString
    let kind: Int16

    init(_ places: Places, _ code: Int16, _ words: StaticString, _ kind: FailureKind) {
      (self.places, self.code, self.words) = (places, code, words)
      self.kind = Int16(truncatingIfNeeded: kind.number)
    }

    func fits(_ reply: Int) -> Bool { code == 0 || reply == code || reply / 100 == code }
  }

  private struct Rule {
    let places: Places
    /// A code, or its first digit; 0 for any.
    let code: Int16
    /// Of the enhanced status code: -1 for any or none, -2 for none.
    let subject: Int16
    /// From `low` to `high`.
    let low: Int16
    let high: Int16
    let kind: Int16

    init(
      _ places: Places, _ code: Int16, _ subject: Int16, _ low: Int16, _ high: Int16,
      _ kind: FailureKind
    ) {
      (self.places, self.code, self.subject) = (places, code, subject)
      (self.low, self.high) = (low, high)
      self.kind = Int16(truncatingIfNeeded: kind.number)
    }

    func fits(_ reply: Int, _ status: (subject: Int, detail: Int)?) -> Bool {
      guard code == 0 || reply == code || reply / 100 == code else { return false }
      if subject == -1 { return true }
      guard let status else { return subject == -2 }
      return status.subject == subject && status.detail >= low && status.detail <= high
    }
  }

  private static let wordRules: [WordRule] = [
    WordRule(.login, 5, "APPLICATION-SPECIFIC", .loginAppPassword),
    WordRule(.login, 5, "APP-SPECIFIC", .loginAppPassword),
    WordRule(.login, 5, "APP PASSWORD", .loginAppPassword),
    WordRule(.login, 5, "BASIC AUTH", .loginBasicDisabled),
    WordRule(.login, 5, "SMTPCLIENTAUTH", .loginBasicDisabled),
    WordRule(.login, 0, "TOO MANY", .loginAttempts),
    WordRule(.login, 0, "THROTTL", .loginAttempts),
    WordRule(.login, 5, "LOCKED", .loginLocked),
    WordRule(.login, 5, "SUSPENDED", .loginLocked),
    WordRule(.login, 5, "WEB BROWSER", .loginLocked),
    WordRule(.login, 535, "CRITERIA", .loginPolicy),
    WordRule(.login, 535, "INCORRECT", .loginCredentials),
    WordRule([.login, .mail], 5, "STARTTLS", .loginEncryption),
    WordRule(.opening, 4, "CONNECTIONS", .serverConnections),
    WordRule(.opening, 4, "TOO MANY", .serverConnections),
    WordRule([.opening, .mail], 0, "HELO COMMAND", .serverHelloName),
    WordRule(.mail, 4, "GREYLIST", .greylisted),
    WordRule(.mail, 4, "GRAYLIST", .greylisted),
    WordRule(.mail, 0, "RELAY ACCESS", .relayDenied),
    WordRule(.mail, 0, "RELAYING", .relayDenied),
    WordRule(.mail, 0, "TO RELAY", .relayDenied),
    WordRule(.mail, 0, "RELAY NOT", .relayDenied),
    WordRule(.mail, 5, "SENDASDENIED", .senderNotAllowed),
    WordRule(.mail, 5, "NOT OWNED", .senderNotAllowed),
    WordRule(.mail, 5, "NOT VERIFIED", .senderNotAllowed),
    WordRule(.mail, 0, "SENDER ADDRESS", .senderAddress),
    WordRule(.mail, 0, "TOO QUICKLY", .rateLimited),
    WordRule(.mail, 0, " RATE ", .rateLimited),
    WordRule(.mail, 0, "THROTTL", .rateLimited),
    WordRule(.recipient, 0, "TOO MANY RECIPIENTS", .recipientsTooMany),
    WordRule(.recipient, 0, "TOO MANY RCPT", .recipientsTooMany),
    WordRule(.recipient, 0, "USER UNKNOWN", .recipientUnknown),
    WordRule(.recipient, 0, "UNKNOWN USER", .recipientUnknown),
    WordRule(.recipient, 0, "NO SUCH ", .recipientUnknown),
    WordRule(.recipient, 0, "QUOTA", .recipientFull),
    WordRule(.recipient, 0, "MAILBOX FULL", .recipientFull),
    WordRule(.recipient, 0, "MAILBOX IS FULL", .recipientFull),
  ]

  /// The first that fits decides.
  private static let rules: [Rule] = [
    // A login: RFC 4954 section 6, RFC 5248.
    Rule(.login, 421, -1, 0, 0, .serverClosing),
    Rule(.login, 432, -1, 0, 0, .loginTransition),
    Rule(.login, 4, -1, 0, 0, .loginTemporary),
    Rule(.login, 0, 7, 30, 30, .loginBasicDisabled),
    Rule(.login, 0, 7, 139, 139, .loginBasicDisabled),
    Rule(.login, 0, 7, 8, 8, .loginCredentials),
    Rule(.login, 0, 7, 9, 9, .loginWeakMechanism),
    Rule(.login, 0, 7, 10, 11, .loginEncryption),
    Rule(.login, 0, 7, 13, 14, .loginLocked),
    Rule(.login, 500, -1, 0, 0, .loginMechanism),
    Rule(.login, 501, -1, 0, 0, .loginExchange),
    Rule(.login, 502, -1, 0, 0, .loginMechanism),
    Rule(.login, 503, -1, 0, 0, .loginMechanism),
    Rule(.login, 504, -1, 0, 0, .loginMechanism),
    Rule(.login, 523, -1, 0, 0, .loginEncryption),
    Rule(.login, 525, -1, 0, 0, .loginLocked),
    Rule(.login, 530, -1, 0, 0, .loginEncryption),
    Rule(.login, 534, -1, 0, 0, .loginWeakMechanism),
    Rule(.login, 535, -1, 0, 0, .loginCredentials),
    Rule(.login, 538, -1, 0, 0, .loginEncryption),
    Rule(.login, 0, 7, 0, 999, .loginPolicy),
    // The greeting, and the replies to EHLO and STARTTLS.
    Rule(.opening, 521, -1, 0, 0, .serverNoMail),
    Rule(.opening, 556, -1, 0, 0, .serverNoMail),
    Rule(.opening, 4, 7, 0, 0, .serverConnections),
    Rule(.opening, 0, 7, 0, 999, .serverBlocked),
    Rule(.opening, 501, -1, 0, 0, .serverHelloName),
    Rule(.opening, 504, -1, 0, 0, .serverHelloName),
    Rule(.opening, 550, -1, 0, 0, .serverBlocked),
    Rule(.opening, 553, -1, 0, 0, .serverBlocked),
    Rule(.opening, 554, -1, 0, 0, .serverBlocked),
    Rule(.opening, 4, -1, 0, 0, .serverBusy),
    // Any step of a mail.
    Rule(.mail, 530, -1, 0, 0, .loginRequired),
    Rule(.mail, 0, 7, 57, 57, .loginRequired),
    Rule(.mail, 0, 7, 10, 11, .loginEncryption),
    Rule(.recipient, 556, -1, 0, 0, .recipientDomain),
    Rule(.sender, 0, 1, 0, 10, .senderAddress),
    Rule(.mail, 0, 1, 1, 1, .recipientUnknown),
    Rule(.recipient, 0, 1, 2, 2, .recipientDomain),
    Rule(.recipient, 0, 1, 3, 3, .recipientAddress),
    Rule(.mail, 0, 1, 6, 6, .recipientMoved),
    Rule(.mail, 0, 1, 7, 8, .senderAddress),
    Rule(.mail, 0, 1, 10, 10, .recipientUnknown),
    Rule(.mail, 0, 1, 90, 90, .rateLimited),
    Rule(.mail, 0, 2, 1, 1, .recipientDisabled),
    Rule(.mail, 0, 2, 2, 2, .recipientFull),
    Rule(.mail, 0, 2, 3, 3, .messageTooBig),
    Rule(.mail, 0, 3, 1, 1, .serverStorage),
    Rule(.mail, 0, 3, 4, 4, .messageTooBig),
    Rule(.mail, 4, 3, 0, 999, .serverBusy),
    Rule(.recipient, 550, 4, 1, 1, .recipientUnknown),
    Rule(.recipient, 0, 4, 3, 4, .recipientDomain),
    Rule(.mail, 5, 4, 5, 5, .rateLimited),
    Rule(.mail, 4, 4, 5, 5, .serverBusy),
    Rule(.mail, 5, 4, 6, 6, .messageLoop),
    Rule(.mail, 0, 5, 3, 3, .recipientsTooMany),
    Rule(.mail, 0, 6, 0, 999, .messageContent),
    Rule(.mail, 4, 7, 0, 0, .rateLimited),
    Rule(.recipient, 4, 7, 1, 1, .greylisted),
    Rule([.sender, .recipient], 553, 7, 1, 1, .senderNotAllowed),
    Rule(.mail, 0, 7, 28, 28, .rateLimited),
    Rule(.mail, 0, 7, 20, 29, .senderUnauthenticated),
    Rule(.mail, 4, 7, 30, 32, .senderUnauthenticated),
    Rule(.mail, 0, 7, 54, 54, .relayDenied),
    Rule(.mail, 0, 7, 60, 60, .senderNotAllowed),
    Rule(.mail, 0, 7, 232, 233, .rateLimited),
    Rule(.mail, 0, 7, 0, 999, .policy),
    Rule(.any, 421, -1, 0, 0, .serverClosing),
    // Codes that RFC 5321 section 4.2.2 and RFC 1870 section 6 give a meaning of their own.
    Rule(.recipient, 551, -1, 0, 0, .recipientMoved),
    Rule(.recipient, 553, -1, 0, 0, .recipientAddress),
    Rule(.sender, 553, -1, 0, 0, .senderAddress),
    Rule(.recipient, 452, -2, 0, 0, .recipientsTooMany),
    Rule(.recipient, 552, -2, 0, 0, .recipientFull),
    Rule(.mail, 552, -2, 0, 0, .messageTooBig),
    Rule(.mail, 452, -2, 0, 0, .serverStorage),
  ]
}
