/// A signed assertion that a service account may act for a user (RFC 7515, RFC
/// 7523), with RS256.
package enum JSONWebToken {
  /// Seconds. The assertion is used at once; Google allows an hour.
  private static let lifetime: Int64 = 300

  /// nil when the key is of no use.
  package static func assertion(
    issuer: [UInt8], subject: [UInt8], scope: [UInt8], audience: [UInt8], now: Int64,
    key: [UInt8], cryptography: any Cryptography
  ) -> Secret? {
    var claims = Bytes.of("{") + member("iss", issuer) + member("scope", scope)
    claims += member("sub", subject) + member("aud", audience)
    claims += Bytes.of("\"iat\":") + Bytes.decimal(max(now, 0))
    claims += Bytes.of(",\"exp\":") + Bytes.decimal(max(now, 0) + lifetime) + [.closeBrace]
    let header = Bytes.of("{\"alg\":\"RS256\",\"typ\":\"JWT\"}")
    let signed = urlSafe(header, cryptography) + [.dot] + urlSafe(claims, cryptography)
    guard let signature = cryptography.signRS256(signed, key: key) else { return nil }
    return .joined([signed[...], [.dot], urlSafe(signature, cryptography)[...]], cryptography)
  }

  private static func member(_ name: StaticString, _ value: [UInt8]) -> [UInt8] {
    [.quote] + Bytes.of(name) + Bytes.of("\":\"") + escaped(value) + Bytes.of("\",")
  }

  /// Control characters were refused where the values came in.
  private static func escaped(_ text: [UInt8]) -> [UInt8] {
    text.flatMap { $0 == .quote || $0 == .backslash ? [.backslash, $0] : [$0] }
  }

  /// RFC 4648 section 5 without padding.
  private static func urlSafe(_ bytes: [UInt8], _ cryptography: any Cryptography) -> [UInt8] {
    cryptography.base64Encode(bytes).compactMap { byte in
      switch byte {
      case .plus: .hyphen
      case .slash: .underscore
      case .equals: nil
      default: byte
      }
    }
  }
}
