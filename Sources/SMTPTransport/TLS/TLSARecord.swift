import COpenSSL
import SMTPProtocol

/// A TLSA record (RFC 6698 section 2), which says what the certificate of a server is. Of its
/// usages only those that need no authority are for SMTP: 2 (DANE-TA) and 3 (DANE-EE; RFC 7672
/// section 3.1.3).
package struct TLSARecord {
  let usage: UInt8
  let selector: UInt8
  let matchingType: UInt8
  let data: [UInt8]

  /// As in a zone file (RFC 6698 section 2.2): three numbers, and octets in hexadecimal, in one
  /// piece or several. nil for what OpenSSL cannot use.
  package init?(_ text: ArraySlice<UInt8>) {
    let words = text.split { $0 == .space || $0 == .tab || $0 == .lf || $0 == .cr }
    guard words.count > 3, let usage = Self.number(words[0]), usage == 2 || usage == 3,
      let selector = Self.number(words[1]), let matchingType = Self.number(words[2]),
      let data = Self.octets(Bytes.joined(words[3...].map { Array($0) }, ""))
    else { return nil }
    ERR_clear_error()
    let isUsable = unsafe copenssl_is_tlsa(usage, selector, matchingType, data, data.count)
    ERR_clear_error()
    guard isUsable == 1 else { return nil }
    (self.usage, self.selector, self.matchingType) = (usage, selector, matchingType)
    self.data = data
  }

  package var text: [UInt8] {
    [.digitZero + usage, .space, .digitZero + selector, .space, .digitZero + matchingType, .space]
      + Bytes.hexadecimal(data)
  }

  /// No number that is in use has two digits.
  private static func number(_ word: ArraySlice<UInt8>) -> UInt8? {
    guard word.count == 1, let digit = word.first, Bytes.isDigit(digit) else { return nil }
    return digit - .digitZero
  }

  private static func octets(_ digits: [UInt8]) -> [UInt8]? {
    guard digits.count % 2 == 0 else { return nil }
    var octets: [UInt8] = []
    octets.reserveCapacity(digits.count / 2)
    for start in stride(from: 0, to: digits.count, by: 2) {
      guard let octet = Bytes.value(ofHexadecimal: digits[start...(start + 1)]) else { return nil }
      octets.append(UInt8(truncatingIfNeeded: octet))
    }
    return octets
  }

  /// False when OpenSSL does not take it.
  func add(to ssl: OpaquePointer) -> Bool {
    unsafe SSL_dane_tlsa_add(ssl, usage, selector, matchingType, data, data.count) == 1
  }
}
