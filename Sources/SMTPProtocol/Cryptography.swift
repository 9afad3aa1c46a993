/// The cryptographic functions that the protocol needs. SMTPTransport implements
/// them with OpenSSL, tests with fixed values.
package protocol Cryptography: AnyObject {
  func base64Encode(_ bytes: [UInt8]) -> [UInt8]
  /// nil when `text` is not base64 (RFC 4648 section 4).
  func base64Decode(_ text: [UInt8]) -> [UInt8]?
  /// nil when the system's policy forbids the function, as that of FIPS forbids MD5.
  func digest(_ function: HashFunction, _ message: [UInt8]) -> [UInt8]?
  /// RFC 2104.
  func hmac(_ function: HashFunction, key: [UInt8], _ message: [UInt8]) -> [UInt8]?
  /// PBKDF2 (RFC 8018 section 5.2) of a password, after its first iteration.
  func stretching(
    _ function: HashFunction, password: [UInt8], salt: [UInt8]
  ) -> (any KeyStretching)?
  /// Whether both are the same, in a time that depends on their lengths alone.
  func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool
  /// RSASSA-PKCS1-v1_5 with SHA-256 (RS256, RFC 7518 section 3.3) by a private key
  /// in PEM; nil when the key is of no use.
  func signRS256(_ message: [UInt8], key: [UInt8]) -> [UInt8]?
  /// nil when the system provides no random octets.
  func randomBytes(_ count: Int) -> [UInt8]?
  /// Overwrites a secret, and the room after it where an array has shrunk, in a way
  /// that the compiler does not optimize away.
  func cleanse(_ bytes: inout [UInt8])
}

package enum HashFunction {
  case md5, sha1, sha256, sha512
}

/// A key that is computed from a password in parts, so that a large number of iterations does not
/// hold up anything else. What it knows is overwritten when the last reference is gone.
package protocol KeyStretching: AnyObject {
  /// false when the system fails.
  func advance(_ iterations: Int) -> Bool
  /// As long as the result of the hash function.
  var key: [UInt8] { get }
}
