import COpenSSL
import SMTPProtocol

extension TLSContext {
  /// Who the client is: its certificate, and the key that proves it.
  func identify(_ configuration: TLSConfiguration) -> Failure? {
    guard let certificate = configuration.certificate else { return nil }
    if let failure = show(certificate) { return failure }
    // A key may be in the same file as its certificate.
    let failure = prove(configuration.key ?? certificate, configuration)
    if let failure { return failure }
    guard unsafe SSL_CTX_check_private_key(pointer) == 1 else {
      return TLSContext.refused("tls_key: it does not belong to tls_certificate")
    }
    return nil
  }

  private func show(_ certificate: TLSConfiguration.PEM) -> Failure? {
    switch certificate {
    case .file(let path):
      return unsafe load(path, "tls_certificate_file") {
        unsafe SSL_CTX_use_certificate_chain_file(pointer, $0)
      }
    case .text(let text):
      let octets = text.bytes
      let result = unsafe copenssl_use_chain(pointer, octets, Int32(clamping: octets.count))
      return result == 1 ? nil : TLSContext.refused("tls_certificate")
    }
  }

  private func prove(_ key: TLSConfiguration.PEM, _ configuration: TLSConfiguration) -> Failure? {
    let option = configuration.key == nil ? "tls_certificate" : "tls_key"
    let question = unsafe PasswordQuestion(configuration.keyPassword)
    let failure = withExtendedLifetime(question) {
      let user = unsafe Unmanaged.passUnretained(question).toOpaque()
      return switch key {
      case .file(let path):
        unsafe load(path, "\(option)_file") {
          unsafe copenssl_use_key_file(pointer, $0, askPassword, user)
        }
      case .text(let text):
        unsafe copenssl_use_key(
          pointer, text.bytes, Int32(clamping: text.bytes.count), askPassword, user) == 1
          ? nil : TLSContext.refused(ErrorText(option))
      }
    }
    guard var failure, question.wasAsked else { return failure }
    failure.text +=
      question.wasAnswered
      ? " (the key is encrypted; its password may be wrong)"
      : " (the key is encrypted; it needs tls_key_password)"
    return failure
  }
}

/// OpenSSL's request for the password of a key, which is made only when the key is
/// encrypted.
@safe private final class PasswordQuestion {
  private let answer: ((UnsafeMutablePointer<CChar>, Int) -> Int)?
  private(set) var wasAsked = false
  private(set) var wasAnswered = false

  init(_ answer: ((UnsafeMutablePointer<CChar>, Int) -> Int)?) {
    unsafe self.answer = unsafe answer
  }

  fileprivate func fill(_ buffer: UnsafeMutablePointer<CChar>, _ size: Int) -> Int32 {
    // OpenSSL keeps a password, but asks again when it got none.
    guard !wasAsked || wasAnswered, let answer = unsafe answer else {
      wasAsked = true
      return -1
    }
    wasAsked = true
    let count = unsafe answer(buffer, size)
    guard (0...size).contains(count) else { return -1 }
    wasAnswered = true
    return Int32(count)
  }
}

/// A pem_password_cb; `user` is a PasswordQuestion.
private func askPassword(
  _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int32, _: Int32, _ user: UnsafeMutableRawPointer?
) -> Int32 {
  guard let buffer = unsafe buffer, let user = unsafe user else { return -1 }
  let question = unsafe Unmanaged<PasswordQuestion>.fromOpaque(user).takeUnretainedValue()
  return unsafe question.fill(buffer, Int(size))
}
