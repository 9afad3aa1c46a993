/// The parameters of delivery status notifications (RFC 3461). Values that
/// the RFC does not allow cannot be constructed.
package enum DeliveryStatus {
  package typealias Refusal = ESMTPParameter.Refusal

  /// RET (section 4.3): how much of the message is returned.
  package enum Return {
    case full, headers

    package init(_ text: [UInt8]) throws(Refusal) {
      if Bytes.equalIgnoringCase(text, Bytes.of("FULL")) {
        self = .full
      } else if Bytes.equalIgnoringCase(text, Bytes.of("HDRS")) {
        self = .headers
      } else {
        throw Refusal(reason: "must be FULL or HDRS")
      }
    }

    package var text: [UInt8] { self == .full ? Bytes.of("FULL") : Bytes.of("HDRS") }
  }

  /// NOTIFY (section 4.1): when to notify. NEVER excludes the others.
  package struct Notify {
    package let text: [UInt8]

    package init(_ list: [UInt8]) throws(Refusal) {
      let known = [
        Bytes.of("NEVER"), Bytes.of("SUCCESS"), Bytes.of("FAILURE"), Bytes.of("DELAY"),
      ]
      var words: [[UInt8]] = []
      for part in list.split(separator: .comma, omittingEmptySubsequences: false) {
        let word = Bytes.uppercased(Bytes.trimmed(part))
        guard known.contains(word) else {
          throw Refusal(reason: "must be NEVER, or a list of SUCCESS, FAILURE and DELAY")
        }
        if !words.contains(word) { words.append(word) }
      }
      if words.count > 1, words.contains(known[0]) {
        throw Refusal(reason: "must have NEVER alone")
      }
      text = Bytes.joined(words, ",")
    }
  }

  /// ENVID (section 4.4): the sender's identifier, printable. No server need take
  /// more than 100 characters, as they travel (section 5.4).
  package struct EnvelopeIdentifier {
    package static let limit = 100
    package let text: [UInt8]

    package init(_ text: [UInt8]) throws(Refusal) {
      guard !text.isEmpty, text.allSatisfy({ (0x20...0x7E).contains($0) }),
        Xtext.encode(text).count <= Self.limit
      else {
        throw Refusal(
          reason: "must be 1 to \(Self.limit) printable ASCII characters when encoded")
      }
      self.text = text
    }
  }

  /// ORCPT (section 4.2): `address-type ";" address`. Without a type it is
  /// "rfc822", or "utf-8" outside ASCII (RFC 6533).
  package struct OriginalRecipient {
    package static let limit = 500
    package let text: [UInt8]
    private let encoded: [UInt8]

    package init(_ text: [UInt8]) throws(Refusal) {
      self.text = text
      let isASCII = text.allSatisfy { $0 < 0x80 }
      guard !text.isEmpty, !text.contains(where: { Bytes.isControl($0) }),
        isASCII || String(validating: text, as: UTF8.self) != nil
      else {
        throw Refusal(reason: "must be an address")
      }
      if !isASCII, let unseen = UnseenCharacter.first(in: text) {
        throw Refusal(reason: "must be an address, and \(unseen.reason)")
      }
      let type: [UInt8]
      let address: [UInt8]
      if let end = text.firstIndex(of: .semicolon) {
        type = Array(text[..<end])
        address = Array(text[(end + 1)...])
      } else {
        type = isASCII ? Bytes.of("rfc822") : Bytes.of("utf-8")
        address = text
      }
      let isType = type.allSatisfy { Bytes.isLetter($0) || Bytes.isDigit($0) || $0 == .hyphen }
      guard !type.isEmpty, isType, !address.isEmpty else {
        throw Refusal(reason: "must be an address, or a type, \";\" and an address")
      }
      // Only utf-8 has a form for what is not ASCII.
      let isUTF8 = Bytes.equalIgnoringCase(type, Bytes.of("utf-8"))
      if !isASCII, !isUTF8 { throw Refusal(reason: "must be of type utf-8 outside ASCII") }
      encoded =
        type + [.semicolon]
        + (isUTF8 ? Xtext.encodeInternationalized(address) : Xtext.encode(address))
      if encoded.count > Self.limit {
        throw Refusal(reason: "must not be longer than \(Self.limit) octets when encoded")
      }
    }

    package var parameter: [UInt8] { Bytes.of("ORCPT=") + encoded }
  }
}
