import COpenSSL
import CSystem
import SMTPProtocol

/// Why a handshake failed, and what to do about it.
enum TLSFailure {
  static func make(
    _ message: ErrorText, reason: String, retry: Retry, kind: FailureKind
  ) -> Failure {
    var failure = Failure(.tls, message, command: "CONN", phase: .tls, retry: retry, kind: kind)
    failure.tlsReason = reason
    return failure
  }

  /// The peer went away before the handshake was over.
  static func closed(_ error: Errno?) -> Failure {
    let how = error.map { ": \($0.text)" } ?? ""
    var failure = make(
      "the server closed the connection during the TLS handshake\(how)",
      reason: "closed during the handshake", retry: .safe, kind: .tlsClosed)
    failure.errno = error?.code ?? 0
    return failure
  }

  static func handshake(
    _ queue: TLSErrorQueue, _ session: TLSSession, peer: [UInt8], with peerKind: TLSPeer
  ) -> Failure {
    if let objection = session.objection { return objection.failure(session) }
    // The first error in the queue may be a detail of it, such as a signature that is wrong.
    if session.isDistrusted || queue.reason == SSL_R_CERTIFICATE_VERIFY_FAILED {
      return certificate(session, peer: peer)
    }
    switch queue.reason {
    case SSL_R_WRONG_VERSION_NUMBER, SSL_R_PACKET_LENGTH_TOO_LONG, SSL_R_HTTP_REQUEST,
      SSL_R_HTTPS_PROXY_REQUEST, SSL_R_UNKNOWN_PROTOCOL, SSL_R_RECORD_LENGTH_MISMATCH,
      SSL_R_WRONG_SSL_VERSION, SSL_R_ENCRYPTED_LENGTH_TOO_LONG:
      let message: ErrorText =
        switch peerKind {
        case .server: "the server does not speak TLS on this port: use STARTTLS (secure = 0)"
        case .upgradedServer: "the server accepted STARTTLS but does not speak TLS"
        case .proxy: "the proxy does not speak TLS on this port: use http, not https"
        }
      return make(message, reason: queue.text, retry: .no, kind: .tlsPlainText)
    case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return make(
        "the server offers no TLS version from 1.2 up: it has to be updated",
        reason: queue.text, retry: .no, kind: .tlsVersion)
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, SSL_R_NO_SHARED_CIPHER:
      return make(
        "the server accepts none of the ciphers, groups or signatures that are allowed here by"
          + " tls_ciphers, tls_cipher_suites, tls_groups and the system's openssl.cnf:"
          + " \(queue.text)", reason: queue.text, retry: .no, kind: .tlsCipher)
    case SSL_R_DH_KEY_TOO_SMALL:
      return make(
        "the server's DHE key is too small for the security level of"
          + " this system: exclude such ciphers with tls_ciphers \"DEFAULT:!kDHE\", or let the"
          + " server use larger parameters (\(queue.text))", reason: queue.text, retry: .no,
        kind: .tlsWeakKey)
    default:
      return make(
        "the TLS handshake failed: \(queue.text)", reason: queue.text,
        retry: TLSRetry.after(queue.reason), kind: kind(ofAlert: queue.reason))
    }
  }

  /// Of an alert of the server about the certificate of the client (RFC 8446 section 6.2), which
  /// under TLS 1.3 may come after the handshake.
  static func kind(ofAlert reason: Int32) -> FailureKind {
    switch reason {
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE...SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,
      SSL_R_TLSV1_ALERT_UNKNOWN_CA, SSL_R_TLSV1_ALERT_ACCESS_DENIED,
      SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      .tlsClientCertificate
    case SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY: .tlsCipher
    case SSL_R_UNEXPECTED_EOF_WHILE_READING: .tlsClosed
    default: .tlsFailed
    }
  }

  /// Of a result of the verification.
  private static func kind(ofCertificate code: Int32) -> FailureKind {
    switch code {
    case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: .tlsName
    case X509_V_ERR_CERT_HAS_EXPIRED: .tlsExpired
    case X509_V_ERR_CERT_NOT_YET_VALID: .tlsNotYetValid
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: .tlsSelfSigned
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
      X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      .tlsUnknownIssuer
    case X509_V_ERR_CERT_REVOKED: .tlsRevoked
    case X509_V_ERR_UNABLE_TO_GET_CRL, X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER,
      X509_V_ERR_CRL_NOT_YET_VALID, X509_V_ERR_CRL_HAS_EXPIRED, X509_V_ERR_CRL_SIGNATURE_FAILURE:
      .tlsCRL
    case X509_V_ERR_EE_KEY_TOO_SMALL, X509_V_ERR_CA_KEY_TOO_SMALL, X509_V_ERR_CA_MD_TOO_WEAK:
      .tlsWeakKey
    case X509_V_ERR_DANE_NO_MATCH: .tlsDANE
    default: .tlsUntrusted
    }
  }

  private static func certificate(_ session: TLSSession, peer: [UInt8]) -> Failure {
    let code = session.verifyResult
    let reason = unsafe String(cString: X509_verify_cert_error_string(Int(code)))
    let wanted = Bytes.printable(peer)
    let message: ErrorText
    var found: String?
    switch code {
    case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
      let names = unsafe session.withShownCertificate { unsafe CertificateNames.list($0) }
      found = names
      message =
        names.isEmpty
        ? "the certificate names no host, and so is not for \"\(wanted)\""
        : "the certificate is for \(names), not for \"\(wanted)\""
    case X509_V_ERR_CERT_HAS_EXPIRED:
      message =
        "the certificate of the server is not valid any more (\(reason)): "
        + "the server needs a new one, unless the clock here is wrong"
    case X509_V_ERR_CERT_NOT_YET_VALID:
      message =
        "the certificate of the server is not valid yet (\(reason)): "
        + "check the clocks of both sides"
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
      X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
      X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      message =
        "the certificate of the server is not from a trusted CA "
        + "(\(reason)): if it is the right server, set tls_ca_file to its CA"
    case X509_V_ERR_EE_KEY_TOO_SMALL, X509_V_ERR_CA_KEY_TOO_SMALL, X509_V_ERR_CA_MD_TOO_WEAK:
      message =
        "the certificate of the server is too weak for the security level of this system "
        + "(\(reason)): the server needs a stronger one, unless tls_ciphers sets the level "
        + "(@SECLEVEL)"
    case X509_V_ERR_CERT_REVOKED:
      message = "the certificate of the server, or of its CA, is revoked (\(reason))"
    case X509_V_ERR_UNABLE_TO_GET_CRL, X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER,
      X509_V_ERR_CRL_HAS_EXPIRED, X509_V_ERR_CRL_NOT_YET_VALID, X509_V_ERR_CRL_SIGNATURE_FAILURE:
      message =
        "whether the certificate of the server is revoked cannot be known (\(reason)):"
        + " tls_crl_file needs a present list of every CA in its chain"
    case X509_V_ERR_DANE_NO_MATCH:
      message =
        "the certificate of the server matches no TLSA record (tls_tlsa): one of them has to be"
        + " renewed, or it is not the right server"
    default:
      message = "the certificate of the server cannot be trusted (\(reason))"
    }
    var failure = make(message, reason: reason, retry: .no, kind: kind(ofCertificate: code))
    failure.certificateNames = found
    return failure
  }
}

/// The names in a certificate, as far as a person wants to read them.
///
/// Not X509V3_EXT_print: it writes all names of all kinds, of which a certificate may have
/// hundreds, with their kind before each and IPv6 addresses as 2001:DB8:0:0:0:0:0:1.
enum CertificateNames {
  private static let shown = 5

  /// dNSName and iPAddress entries (RFC 5280 section 4.2.1.6), at most five.
  static func list(_ certificate: OpaquePointer?) -> String {
    let found = unsafe all(certificate)
    let list = ErrorText(bytes: Bytes.joined(Array(found.prefix(shown)), ", "))
    return (found.count > shown ? "\(list) and \(found.count - shown) more" : list).text
  }

  /// All of them, separated by blanks: there is none in a name, see `name`.
  static func text(_ certificate: OpaquePointer?) -> [UInt8] {
    Bytes.joined(unsafe all(certificate), " ")
  }

  private static func all(_ certificate: OpaquePointer?) -> [[UInt8]] {
    guard let certificate = unsafe certificate,
      let names = unsafe copenssl_alternative_names(certificate)
    else { return [] }
    defer { unsafe copenssl_names_free(names) }
    var found: [[UInt8]] = []
    var index: Int32 = 0
    let count = unsafe copenssl_name_count(names)
    while index < count {
      if let name = unsafe name(names, index) { found.append(name) }
      index += 1
    }
    return found
  }

  private static func name(_ names: OpaquePointer, _ index: Int32) -> [UInt8]? {
    var data: UnsafePointer<UInt8>?
    var length: Int32 = 0
    let kind = unsafe copenssl_name(names, index, &data, &length)
    guard kind != COPENSSL_NAME_OTHER, let data = unsafe data, length > 0 else { return nil }
    let octets = unsafe Array(UnsafeBufferPointer(start: data, count: Int(length)))
    if kind == COPENSSL_NAME_DNS {
      // RFC 1035 section 2.3.4: a name has 253 octets. A blank in it is no part of one.
      return Bytes.printable(octets.map { $0 == .space ? .question : $0 }, limit: 253).bytes
    }
    return address(octets)
  }

  private static func address(_ octets: [UInt8]) -> [UInt8]? {
    guard octets.count == 4 || octets.count == 16 else { return nil }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = octets.count == 4 ? AF_INET : AF_INET6
    return unsafe text.withUnsafeMutableBufferPointer { text in
      guard let base = text.baseAddress,
        let result = unsafe inet_ntop(family, octets, base, socklen_t(text.count))
      else { return nil }
      return Array(unsafe String(cString: result).utf8)
    }
  }
}
