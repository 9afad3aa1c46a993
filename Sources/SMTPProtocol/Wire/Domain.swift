/// `Domain = sub-domain *("." sub-domain)` (RFC 5321 section 4.1.2), and with the
/// underscores that names in the DNS may have and some of internal networks do.
package enum Domain {
  /// RFC 1035 section 2.3.4.
  package static let labelLimit = 63

  package static func isValid(_ text: [UInt8], allowingUTF8: Bool = false) -> Bool {
    guard !text.isEmpty, text.count <= Mailbox.domainLimit else { return false }
    let labels = text.split(separator: .dot, omittingEmptySubsequences: false)
    return labels.allSatisfy { label in
      guard let first = label.first, let last = label.last else { return false }
      // A U-label has no fixed length in octets; the server measures its A-label.
      let fits = label.count <= labelLimit || label.contains { $0 >= 0x80 }
      return fits && first != .hyphen && last != .hyphen
        && label.allSatisfy {
          Bytes.isLetter($0) || Bytes.isDigit($0) || $0 == .hyphen || $0 == .underscore
            || (allowingUTF8 && $0 >= 0x80)
        }
    }
  }
}

/// `"[" ( IPv4 / "IPv6:" IPv6 / tag ":" text ) "]"` (RFC 5321 section 4.1.3).
package enum AddressLiteral {
  package static func isValid(_ text: [UInt8]) -> Bool {
    guard text.count >= 3, text.first == .openBracket, text.last == .closeBracket else {
      return false
    }
    let inner = Array(text.dropFirst().dropLast())
    guard let colon = inner.firstIndex(of: .colon) else { return isIPv4(inner) }
    let tag = inner[..<colon]
    let value = Array(inner[(colon + 1)...])
    if Bytes.equalIgnoringCase(Array(tag), Bytes.of("IPv6")) { return isIPv6(value) }
    let isTag =
      !tag.isEmpty && tag.last != .hyphen
      && tag.allSatisfy { Bytes.isLetter($0) || Bytes.isDigit($0) || $0 == .hyphen }
    // dcontent: printable but for "[", "\" and "]".
    return isTag && !value.isEmpty
      && value.allSatisfy { (0x21...0x5A).contains($0) || (0x5E...0x7E).contains($0) }
  }

  package static func isIPv4(_ text: [UInt8]) -> Bool {
    let parts = text.split(separator: .dot, omittingEmptySubsequences: false)
    return parts.count == 4
      && parts.allSatisfy { part in
        (1...3).contains(part.count) && part.allSatisfy { Bytes.isDigit($0) }
          && part.reduce(0) { $0 * 10 + Int($1 - .digitZero) } <= 255
      }
  }

  /// Groups of hexadecimal digits, "::" at most once and for two groups at least,
  /// the last two groups possibly as IPv4.
  ///
  /// inet_pton is less strict: it accepts "::" for one group, which RFC 5321 section 4.1.3
  /// does not. In the IPv4 part it refuses the leading zeros that Snum allows. Addresses
  /// that this machine connects to go through it (SocketAddress).
  package static func isIPv6(_ text: [UInt8]) -> Bool {
    var groups = text.split(separator: .colon, omittingEmptySubsequences: false)
    var count = 0
    if let last = groups.last, last.contains(.dot) {
      guard isIPv4(Array(last)) else { return false }
      groups[groups.count - 1] = [.digitZero]
      count = 1
    }
    guard groups.count >= 3 else { return false }
    // A "::" inside shows as one empty group, at either end as two. A single
    // colon at an end is none.
    if groups[0].isEmpty {
      guard groups[1].isEmpty else { return false }
      groups.removeFirst()
    }
    if groups[groups.count - 1].isEmpty {
      guard groups.count >= 2, groups[groups.count - 2].isEmpty else { return false }
      groups.removeLast()
    }
    let gaps = groups.filter { $0.isEmpty }.count
    count += groups.count - gaps
    let isHex = groups.allSatisfy { group in
      group.count <= 4
        && group.allSatisfy { Bytes.isDigit($0) || (0x61...0x66).contains($0 | 0x20) }
    }
    return isHex && (gaps == 0 ? count == 8 : gaps == 1 && count <= 6)
  }
}
