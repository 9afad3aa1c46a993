/// The door through which the protocol reaches what a cryptographic library
/// does better. SMTPTransport implements it with OpenSSL; tests with fixed
/// values.
package protocol Cryptography: AnyObject {
  func base64Encode(_ bytes: [UInt8]) -> [UInt8]
  /// nil when `text` is not base64 (RFC 4648 section 4).
  func base64Decode(_ text: [UInt8]) -> [UInt8]?
  /// RFC 2104 with MD5, for CRAM-MD5; nil when the system's policy forbids MD5.
  func hmacMD5(key: [UInt8], _ message: [UInt8]) -> [UInt8]?
  /// RSASSA-PKCS1-v1_5 with SHA-256 (RS256, RFC 7518 section 3.3) by a private key
  /// in PEM; nil when the key is of no use.
  func signRS256(_ message: [UInt8], key: [UInt8]) -> [UInt8]?
  /// nil when there is no randomness to be had.
  func randomBytes(_ count: Int) -> [UInt8]?
  /// Overwrites a secret, and the room behind it where an array has shrunk, so that
  /// the compiler cannot leave it out.
  func cleanse(_ bytes: inout [UInt8])
}
