import COpenSSL
import SMTPProtocol

/// Public keys that are known beforehand. A pin is the SHA-256 of the SubjectPublicKeyInfo of
/// a certificate (RFC 5280 section 4.1), in text "sha256//" and base64, as curl writes it.
package enum TLSPins {
  private static var prefix: StaticString { "sha256//" }

  /// Separated by blanks, commas and semicolons; the prefix may be left out. The first word
  /// that is no pin is the error.
  package static func parse(_ text: [UInt8]) -> (pins: [[UInt8]], wrong: [UInt8]?) {
    var pins: [[UInt8]] = []
    for word in text.split(whereSeparator: { $0 == .space || $0 == .comma || $0 == .semicolon }) {
      let prefix = Bytes.of(Self.prefix)
      let digits = word.starts(with: prefix) ? word.dropFirst(prefix.count) : word
      guard let pin = OpenSSLCryptography().base64Decode(Array(digits)),
        pin.count == Int(COPENSSL_DIGEST)
      else { return (pins, Array(word)) }
      pins.append(pin)
    }
    return (pins, nil)
  }

  package static func text(_ pin: [UInt8]) -> [UInt8] {
    Bytes.of(prefix) + OpenSSLCryptography().base64Encode(pin)
  }

  /// The digest of the key in a certificate; nil without a certificate.
  static func digest(_ certificate: OpaquePointer?) -> [UInt8]? {
    var digest = [UInt8](repeating: 0, count: Int(COPENSSL_DIGEST))
    ERR_clear_error()
    let result = unsafe copenssl_key_digest(certificate, &digest)
    ERR_clear_error()
    return result == 1 ? digest : nil
  }
}

extension TLSContext {
  /// Whether the server may have the key in this certificate: one of the pins, if there are
  /// any. Only the certificate of the server counts, not one of its chain: this holds without
  /// a verified chain too, and for a session to resume, which need not have its chain.
  func accepts(keyOf certificate: OpaquePointer?) -> Bool {
    if pins.isEmpty { return true }
    guard let digest = unsafe TLSPins.digest(certificate) else { return false }
    return pins.contains(digest)
  }
}
