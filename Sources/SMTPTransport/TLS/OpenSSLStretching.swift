import COpenSSL
import SMTPProtocol

/// PBKDF2 with OpenSSL's digests.
@safe final class OpenSSLStretching: KeyStretching {
  private let pointer: UnsafeMutablePointer<copenssl_stretching>

  init?(_ function: OpaquePointer?, password: [UInt8], salt: [UInt8]) {
    ERR_clear_error()
    defer { ERR_clear_error() }
    guard
      let pointer = unsafe copenssl_stretching_new(
        function, password, password.count, salt, salt.count)
    else { return nil }
    unsafe self.pointer = unsafe pointer
  }

  deinit { unsafe copenssl_stretching_free(pointer) }

  func advance(_ iterations: Int) -> Bool {
    ERR_clear_error()
    defer { ERR_clear_error() }
    return unsafe iterations >= 0 && copenssl_stretch(pointer, iterations) == 1
  }

  var key: [UInt8] {
    unsafe [UInt8](
      UnsafeBufferPointer(start: copenssl_stretched(pointer), count: Int(pointer.pointee.size)))
  }
}
