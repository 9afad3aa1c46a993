/// The cryptographic functions that the protocol needs. SMTPTransport implements
/// them with OpenSSL, tests with fixed values.
package protocol Cryptography: AnyObject {
  func base64Encode(_ bytes: [UInt8]) -> [UInt8]
  /// nil when `text` is not base64 (RFC 4648 section 4).
  func base64Decode(_ text: [UInt8]) -> [UInt8]?
  /// RFC 2104 with MD5, for CRAM-MD5; nil when the system's policy forbids MD5.
  func hmacMD5(key: [UInt8], _ message: [UInt8]) -> [UInt8]?
  /// RSASSA-PKCS1-v1_5 with SHA-256 (RS256, RFC 7518 section 3.3) by a private key
  /// in PEM; nil when the key is of no use.
  func signRS256(_ message: [UInt8], key: [UInt8]) -> [UInt8]?
  /// nil when the system provides no random octets.
  func randomBytes(_ count: Int) -> [UInt8]?
  /// Overwrites a secret, and the room after it where an array has shrunk, in a way
  /// that the compiler does not optimize away.
  func cleanse(_ bytes: inout [UInt8])
}
