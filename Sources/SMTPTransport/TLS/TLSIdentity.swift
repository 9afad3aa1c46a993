import COpenSSL
import SMTPProtocol

extension TLSContext {
  /// Who the client is: its certificate, and the key that proves it.
  func identify(_ configuration: TLSConfiguration) -> Failure? {
    guard let certificate = configuration.certificate else { return nil }
    if let failure = show(certificate) { return failure }
    // A key may stand in the same file as its certificate.
    let failure = prove(configuration.key ?? certificate, configuration.keyPassword)
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
      let result = unsafe copenssl_use_chain(pointer, text, Int32(clamping: text.count))
      return result == 1 ? nil : TLSContext.refused("tls_certificate")
    }
  }

  /// The password is asked for only when the key needs one, and wiped.
  private func prove(
    _ key: TLSConfiguration.PEM, _ askPassword: (() -> [UInt8]?)?
  ) -> Failure? {
    // Without a password first: asking a person for one that is not needed, or
    // OpenSSL asking at the terminal, must not happen.
    if use(key, password: []) { return nil }
    guard let askPassword, var password = askPassword() else {
      return TLSContext.refused("tls_key (it may need tls_key_password)")
    }
    defer { unsafe OPENSSL_cleanse(&password, password.count) }
    return use(key, password: password) ? nil : TLSContext.refused("tls_key with its password")
  }

  private func use(_ key: TLSConfiguration.PEM, password: [UInt8]) -> Bool {
    let secret = password + [0]
    switch key {
    case .file(let path):
      let name = (path + [0]).map { CChar(bitPattern: $0) }
      return unsafe copenssl_use_key_file(pointer, name, secret) == 1
    case .text(let text):
      return unsafe copenssl_use_key(pointer, text, Int32(clamping: text.count), secret) == 1
    }
  }
}
