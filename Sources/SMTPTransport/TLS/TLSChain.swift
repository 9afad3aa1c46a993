import COpenSSL
import SMTPProtocol

/// What can be read of a certificate.
package enum TLSCertificateField {
  case encoded, subject, issuer, names, notBefore, notAfter

  fileprivate var number: Int32 {
    switch self {
    case .subject: COPENSSL_SUBJECT
    case .issuer: COPENSSL_ISSUER
    case .notBefore: COPENSSL_NOT_BEFORE
    case .notAfter: COPENSSL_NOT_AFTER
    case .encoded, .names: COPENSSL_ENCODED
    }
  }
}

/// The chain as the server sent it, its own certificate first. It is read when somebody asks:
/// nothing is copied in a handshake.
extension TLSSession {
  var certificateCount: Int {
    var count = 0
    while unsafe certificate(at: count) != nil { count += 1 }
    return count
  }

  /// nil beyond the last.
  func certificate(at index: Int, _ field: TLSCertificateField) -> [UInt8]? {
    guard let certificate = unsafe certificate(at: index) else { return nil }
    if field == .names { return unsafe CertificateNames.text(certificate) }
    ERR_clear_error()
    defer { ERR_clear_error() }
    guard let text = unsafe copenssl_written(certificate, field.number) else { return nil }
    defer { unsafe BIO_free(text) }
    var octets = Bytes.zeros(Int(clamping: unsafe BIO_ctrl_pending(text)))
    let count = unsafe BIO_read(text, &octets, Int32(clamping: octets.count))
    return count == octets.count ? octets : nil
  }
}
