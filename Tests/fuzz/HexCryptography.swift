@testable import SMTPProtocol

/// Base64 is not what is tested here: anything that can be refused will do.
final class HexCryptography: Cryptography {
  func base64Encode(_ bytes: [UInt8]) -> [UInt8] { Bytes.hexadecimal(bytes) }

  func base64Decode(_ text: [UInt8]) -> [UInt8]? { text.contains(0x3F) ? nil : text }

  func hmac(_ function: HashFunction, key: [UInt8], _ message: [UInt8]) -> [UInt8]? { message }
  func digest(_ function: HashFunction, _ message: [UInt8]) -> [UInt8]? { message }
  func stretching(
    _ function: HashFunction, password: [UInt8], salt: [UInt8]
  ) -> (any KeyStretching)? { HexStretching(key: password) }
  func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool { left == right }
  func signRS256(_ message: [UInt8], key: [UInt8]) -> [UInt8]? { message }
  func randomBytes(_ count: Int) -> [UInt8]? { [7] }
  func cleanse(_ bytes: inout [UInt8]) { bytes = [] }
}

private final class HexStretching: KeyStretching {
  let key: [UInt8]

  init(key: [UInt8]) { self.key = key }

  func advance(_ iterations: Int) -> Bool { iterations >= 0 }
}
