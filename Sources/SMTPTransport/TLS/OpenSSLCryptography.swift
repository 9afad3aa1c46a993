import COpenSSL
package import SMTPProtocol

/// The cryptographic functions of the protocol, with OpenSSL.
package final class OpenSSLCryptography: Cryptography {
  /// OpenSSL counts in int; a multiple of three, so that parts can be joined.
  private static let part = 3 << 20

  package init() {}

  package func base64Encode(_ bytes: [UInt8]) -> [UInt8] {
    if bytes.count <= Self.part { return encode(bytes) }
    var result: [UInt8] = []
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + Self.part)
      result += encode(Array(bytes[start..<end]))
      start = end
    }
    return result
  }

  private func encode(_ bytes: [UInt8]) -> [UInt8] {
    // EVP_EncodeBlock writes a NUL after the text.
    let room = (bytes.count + 2) / 3 * 4 + 1
    return unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
      count = 0
      guard let base = buffer.baseAddress else { return }
      count = Int(unsafe EVP_EncodeBlock(base, bytes, Int32(bytes.count)))
    }
  }

  /// Strict: no white space, no missing padding.
  package func base64Decode(_ text: [UInt8]) -> [UInt8]? {
    if text.isEmpty { return [] }
    guard text.count % 4 == 0, text.count <= Self.part else { return nil }
    var padding = 0
    while padding < 2, text[text.count - 1 - padding] == .equals { padding += 1 }
    // EVP_DecodeBlock skips white space at both ends and takes "=" anywhere.
    guard text.dropLast(padding).allSatisfy(Self.isDigit) else { return nil }
    var isValid = false
    let result = unsafe [UInt8](unsafeUninitializedCapacity: text.count / 4 * 3) { buffer, count in
      count = 0
      guard let base = buffer.baseAddress else { return }
      let length = Int(unsafe EVP_DecodeBlock(base, text, Int32(text.count)))
      guard length >= padding else { return }
      isValid = true
      count = length - padding
    }
    return isValid ? result : nil
  }

  /// RFC 4648 section 4.
  private static func isDigit(_ byte: UInt8) -> Bool {
    Bytes.isLetter(byte) || Bytes.isDigit(byte) || byte == .plus || byte == .slash
  }

  /// Overwrites memory that may hold a secret, before it is freed.
  package static func erase(_ octets: UnsafeMutableRawBufferPointer) {
    unsafe OPENSSL_cleanse(octets.baseAddress, octets.count)
  }

  package func cleanse(_ bytes: inout [UInt8]) {
    let count = bytes.count
    while bytes.count < bytes.capacity { bytes.append(0) }
    unsafe bytes.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) }
    bytes.removeLast(bytes.count - count)
  }

  package func randomBytes(_ count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    ERR_clear_error()
    let result = unsafe RAND_bytes(&bytes, Int32(clamping: count))
    ERR_clear_error()
    return result == 1 ? bytes : nil
  }

  private static func method(_ function: HashFunction) -> OpaquePointer? {
    switch function {
    case .md5: unsafe EVP_md5()
    case .sha1: unsafe EVP_sha1()
    case .sha256: unsafe EVP_sha256()
    case .sha512: unsafe EVP_sha512()
    }
  }

  package func digest(_ function: HashFunction, _ message: [UInt8]) -> [UInt8]? {
    unsafe Self.result { digest, size in
      unsafe EVP_Digest(message, message.count, digest, &size, Self.method(function), nil) == 1
    }
  }

  package func hmac(_ function: HashFunction, key: [UInt8], _ message: [UInt8]) -> [UInt8]? {
    unsafe Self.result { digest, size in
      unsafe HMAC(
        Self.method(function), key, Int32(clamping: key.count), message, message.count, digest,
        &size) != nil
    }
  }

  /// What `body` writes, without a copy of it anywhere.
  private static func result(
    _ body: (UnsafeMutablePointer<UInt8>, inout UInt32) -> Bool
  ) -> [UInt8]? {
    var isDone = false
    ERR_clear_error()
    let result = unsafe [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { room, count in
      var size: UInt32 = 0
      guard let base = room.baseAddress else { return }
      isDone = unsafe body(base, &size)
      count = isDone ? Int(size) : 0
    }
    ERR_clear_error()
    return isDone ? result : nil
  }

  package func stretching(
    _ function: HashFunction, password: [UInt8], salt: [UInt8]
  ) -> (any KeyStretching)? {
    unsafe OpenSSLStretching(Self.method(function), password: password, salt: salt)
  }

  package func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    unsafe left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
  }

  package func signRS256(_ message: [UInt8], key: [UInt8]) -> [UInt8]? {
    // Large enough for RSA keys of 16384 bits, OpenSSL's own limit.
    var signature = [UInt8](repeating: 0, count: 2048)
    var size = signature.count
    ERR_clear_error()
    let result = unsafe copenssl_sign_rs256(
      key, Int32(clamping: key.count), message, message.count, &signature, &size)
    ERR_clear_error()
    return result == 1 ? Array(signature.prefix(size)) : nil
  }
}
