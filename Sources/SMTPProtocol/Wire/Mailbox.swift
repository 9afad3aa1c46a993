/// A mailbox as MAIL and RCPT take it: `Local-part "@" ( Domain /
/// address-literal )` (RFC 5321 section 4.1.2), with UTF-8 as RFC 6531 section
/// 3.3 allows. A value of this type is safe between angle brackets in a command.
package struct Mailbox: Equatable {
  package let bytes: [UInt8]
  /// nil for an address in ASCII.
  private var international: International?

  /// The address is not ASCII, and as it is cannot be sent without SMTPUTF8 (RFC 6531).
  package var isInternationalized: Bool { international != nil }
  /// It has no form without SMTPUTF8 either.
  var needsSMTPUTF8: Bool { international.map { $0.ascii == nil } ?? false }
  /// Why it has none, when that is not the local part.
  var reasonForSMTPUTF8: ErrorText? { international?.reason }

  /// As a command has it. RFC 6531 section 3.2: a domain may be in A-labels or U-labels. With
  /// SMTPUTF8 it stays as it was given.
  func path(_ capabilities: Capabilities) -> [UInt8] {
    guard let international, !capabilities.smtpUTF8 else { return bytes }
    return international.ascii ?? bytes
  }

  package static func == (left: Mailbox, right: Mailbox) -> Bool { left.bytes == right.bytes }

  /// A local part alone, and not `postmaster`: only LMTP takes it.
  package var isLocalPart: Bool {
    !bytes.contains(.at) && !Bytes.equalIgnoringCase(bytes, Self.postmaster)
  }

  /// The text after the last @; empty without one.
  package var domain: [UInt8] {
    bytes.lastIndex(of: .at).map { Array(bytes[($0 + 1)...]) } ?? []
  }

  /// RFC 5321 section 4.5.3.1.2.
  package static let domainLimit = 255
  /// The room in a command line of 512 octets (RFC 5321 section 4.5.3.1.4) without "MAIL
  /// FROM:<", ">" and CRLF. A server need not accept more than 64 octets before the @; a
  /// client may try (section 4.5.3.1).
  package static let limit = 512 - 14

  /// Why a text is no mailbox, to be put after the text: "has no @".
  package struct Refusal: Error {
    package let reason: ErrorText
  }

  private static var postmaster: [UInt8] { Bytes.of("postmaster") }

  /// `postmaster` alone is a forward-path of its own (RFC 5321 section 4.1.1.3). To LMTP
  /// servers every local part may be one: the name of a mailbox there.
  package init(
    _ text: [UInt8], allowingPostmaster: Bool = false, allowingLocalPart: Bool = false,
    domains: (any DomainConversion)? = nil
  ) throws(Refusal) {
    bytes = text
    let isInternationalized = text.contains { $0 >= 0x80 }
    if text.isEmpty { throw Refusal(reason: "is empty") }
    if text.contains(where: { Bytes.isControl($0) }) {
      throw Refusal(reason: "contains a control character")
    }
    if isInternationalized, String(validating: text, as: UTF8.self) == nil {
      throw Refusal(reason: "is not UTF-8")
    }
    if isInternationalized, let unseen = UnseenCharacter.first(in: text) {
      throw Refusal(reason: unseen.reason)
    }
    if text.count > Self.limit { throw Refusal(reason: "is longer than \(Self.limit) octets") }
    if allowingPostmaster, Bytes.equalIgnoringCase(text, Self.postmaster) { return }
    do throws(Refusal) {
      if let at = text.lastIndex(of: .at) {
        try Self.checkLocalPart(text[..<at])
        try Self.checkDomain(text[(at + 1)...])
      } else if allowingLocalPart {
        try Self.checkLocalPart(text[...])
      } else {
        throw Refusal(reason: "has no @")
      }
    } catch {
      throw AddressAdvice.reason(text).map { Refusal(reason: $0) } ?? error
    }
    if isInternationalized { international = International(text, domains) }
  }

  /// What is known of an address outside ASCII.
  private final class International: Sendable {
    /// With A-labels, when that makes it ASCII.
    let ascii: [UInt8]?
    let reason: ErrorText?

    init(_ text: [UInt8], _ domains: (any DomainConversion)?) {
      let start = text.lastIndex(of: .at).map { $0 + 1 } ?? text.endIndex
      guard text[..<start].allSatisfy({ $0 < 0x80 }) else {
        (ascii, reason) = (nil, nil)
        return
      }
      guard let domains else {
        (ascii, reason) = (nil, "give its domain as an A-label (xn--...)")
        return
      }
      do throws(DomainRefusal) {
        let path = text[..<start] + (try Domain.ascii(Array(text[start...]), domains))
        (ascii, reason) =
          path.count <= Mailbox.limit
          ? (Array(path), nil) : (nil, "with an A-label it is longer than \(Mailbox.limit) octets")
      } catch {
        (ascii, reason) = (nil, "its domain \(error.reason)")
      }
    }
  }

  private static func checkLocalPart(_ part: ArraySlice<UInt8>) throws(Refusal) {
    if part.isEmpty { throw Refusal(reason: "has nothing before the @") }
    if part.first == .quote {
      try checkQuotedString(part)
    } else {
      let atoms = part.split(separator: .dot, omittingEmptySubsequences: false)
      if atoms.contains(where: { $0.isEmpty }) {
        throw Refusal(reason: "has a misplaced dot before the @; quote the local part")
      }
      if let bad = part.first(where: { !isAtomText($0) && $0 != .dot }) {
        throw Refusal(reason: "holds \"\(Bytes.printable([bad]))\" outside a quoted string")
      }
    }
  }

  private static func checkQuotedString(_ part: ArraySlice<UInt8>) throws(Refusal) {
    guard part.count >= 2, part.last == .quote else {
      throw Refusal(reason: "has a quoted string without end")
    }
    var escaped = false
    for byte in part.dropFirst().dropLast() {
      if escaped {
        // quoted-pairSMTP is ASCII, even with SMTPUTF8 (RFC 6531 section 3.3).
        if byte >= 0x80 { throw Refusal(reason: "has a backslash before a non-ASCII character") }
        escaped = false
      } else if byte == .backslash {
        escaped = true
      } else if byte == .quote {
        throw Refusal(reason: "has a quoted string that ends before the @")
      }
    }
    if escaped { throw Refusal(reason: "has a quoted string without end") }
  }

  private static func checkDomain(_ domain: ArraySlice<UInt8>) throws(Refusal) {
    if domain.isEmpty { throw Refusal(reason: "has nothing after the @") }
    if domain.first == .openBracket {
      guard AddressLiteral.isValid(Array(domain)) else {
        throw Refusal(reason: "has a bad address literal after the @")
      }
    } else if !Domain.isValid(Array(domain), allowingUTF8: true) {
      throw Refusal(reason: "has a bad domain after the @")
    }
  }

  /// `atext` of RFC 5322 section 3.2.3, and RFC 6531's UTF8-non-ascii.
  private static func isAtomText(_ byte: UInt8) -> Bool {
    if byte >= 0x80 || Bytes.isLetter(byte) || Bytes.isDigit(byte) { return true }
    switch byte {
    case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2F, 0x3D, 0x3F, 0x5E...0x60, 0x7B...0x7E:
      return true
    default:
      return false
    }
  }
}
