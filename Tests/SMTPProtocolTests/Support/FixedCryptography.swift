@testable import SMTPProtocol

/// Base64 written for the tests alone, so that no test checks OpenSSL against
/// itself, and a memory of what was cleansed.
final class FixedCryptography: Cryptography {
  private(set) var cleansed: [[UInt8]] = []

  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  func base64Encode(_ bytes: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = Array(bytes[start..<min(start + 3, bytes.count)])
      let padded = group + [UInt8](repeating: 0, count: 3 - group.count)
      let value = padded.reduce(0) { $0 << 8 | Int($1) }
      for place in 0..<4 {
        let digit = value >> (18 - 6 * place) & 63
        text.append(place <= group.count ? Self.alphabet[digit] : 0x3D)
      }
    }
    return text
  }

  func base64Decode(_ text: [UInt8]) -> [UInt8]? {
    let digits = text.prefix { $0 != 0x3D }
    let padding = text.count - digits.count
    guard text.count % 4 == 0, padding <= 2, text.suffix(padding).allSatisfy({ $0 == 0x3D })
    else { return nil }
    var bits: [Int] = []
    for digit in digits {
      guard let value = Self.alphabet.firstIndex(of: digit) else { return nil }
      bits += (0..<6).map { value >> (5 - $0) & 1 }
    }
    return (0..<bits.count / 8).map { octet in
      bits[octet * 8..<octet * 8 + 8].reduce(0) { $0 << 1 | UInt8($1) }
    }
  }

  /// False: by the system's policy.
  var isAllowed = true

  /// No HMAC, but something that depends on both.
  func hmac(_ function: HashFunction, key: [UInt8], _ message: [UInt8]) -> [UInt8]? {
    if !isAllowed { return nil }
    return (0..<16).map { UInt8($0) ^ UInt8(truncatingIfNeeded: key.count) ^ (message.first ?? 0) }
  }

  func digest(_ function: HashFunction, _ message: [UInt8]) -> [UInt8]? {
    hmac(function, key: [], message)
  }

  /// The parts that were asked for.
  private(set) var parts: [Int] = []

  func stretching(
    _ function: HashFunction, password: [UInt8], salt: [UInt8]
  ) -> (any KeyStretching)? {
    isAllowed ? FixedStretching { [self] in parts.append($0) } : nil
  }

  func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool { left == right }

  func signRS256(_ message: [UInt8], key: [UInt8]) -> [UInt8]? {
    key.isEmpty ? nil : Array(message.suffix(4)) + key
  }

  var hasRandom = true

  func randomBytes(_ count: Int) -> [UInt8]? {
    hasRandom ? (0..<count).map { UInt8(truncatingIfNeeded: $0) } : nil
  }

  func cleanse(_ bytes: inout [UInt8]) {
    cleansed.append(bytes)
    for index in bytes.indices { bytes[index] = 0 }
  }
}

private final class FixedStretching: KeyStretching {
  let key = Array("key".utf8)
  private let onPart: (Int) -> Void

  init(_ onPart: @escaping (Int) -> Void) { self.onPart = onPart }

  func advance(_ iterations: Int) -> Bool {
    onPart(iterations)
    return true
  }
}

/// As a client would write it in a transcript.
func base64(_ text: String) -> String {
  String(decoding: FixedCryptography().base64Encode(Array(text.utf8)), as: UTF8.self)
}
