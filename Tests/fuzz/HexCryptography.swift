@testable import SMTPProtocol

/// Base64 is not what is tested here: anything that can be refused will do.
final class HexCryptography: Cryptography {
  func base64Encode(_ bytes: [UInt8]) -> [UInt8] { Bytes.hexadecimal(bytes) }

  func base64Decode(_ text: [UInt8]) -> [UInt8]? { text.contains(0x3F) ? nil : text }

  func hmacMD5(key: [UInt8], _ message: [UInt8]) -> [UInt8]? { message }
  func signRS256(_ message: [UInt8], key: [UInt8]) -> [UInt8]? { message }
  func randomBytes(_ count: Int) -> [UInt8]? { nil }
  func cleanse(_ bytes: inout [UInt8]) { bytes = [] }
}
