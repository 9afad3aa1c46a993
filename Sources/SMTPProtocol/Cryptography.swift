/// The door through which the protocol reaches what a cryptographic library
/// does better. SMTPTransport implements it with OpenSSL; tests with fixed
/// values.
package protocol Cryptography: AnyObject {
  func base64Encode(_ bytes: [UInt8]) -> [UInt8]
  /// nil when `text` is not base64 (RFC 4648 section 4).
  func base64Decode(_ text: [UInt8]) -> [UInt8]?
  /// Overwrites a secret so that the compiler cannot leave it out.
  func cleanse(_ bytes: inout [UInt8])
}
