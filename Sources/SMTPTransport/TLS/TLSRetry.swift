import COpenSSL
import SMTPProtocol

/// Whether a failed handshake may succeed later, by the reason in OpenSSL's error queue.
enum TLSRetry {
  /// The reason code of a fatal alert that the peer sent is this and the number of the alert
  /// (RFC 8446 section 6, and RFC 5246 section 7.2 for those of TLS 1.2).
  private static var alerts: Int32 { SSL_AD_REASON_OFFSET }

  /// An alert with another number than these is about what one of the two sides is, has or
  /// demands (versions, ciphers, certificates, extensions): the next handshake would fail in
  /// the same way.
  private static func isPassing(alert: Int32) -> Bool {
    switch alert {
    // Damaged on the way, or by a peer in trouble: bad_record_mac, decryption_failed.
    case SSL3_AD_BAD_RECORD_MAC, TLS1_AD_DECRYPTION_FAILED: true
    // "unrelated to the peer or the correctness of the protocol", such as a lack of memory.
    case TLS1_AD_INTERNAL_ERROR: true
    // "for some reason unrelated to a protocol failure", as when a server is stopped.
    case TLS1_AD_USER_CANCELLED: true
    // The session that was offered is forgotten by now: the next connection goes without.
    case TLS1_AD_UNKNOWN_PSK_IDENTITY: true
    default: false
    }
  }

  static func after(_ reason: Int32) -> Retry {
    if let alert = alert(in: reason) { return isPassing(alert: alert) ? .safe : .no }
    if copenssl_is_own_trouble(reason) != 0 { return .safe }
    switch reason {
    // An error of the system, or none that is known.
    case 0: return .safe
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, SSL_R_UNEXPECTED_EOF_WHILE_READING:
      return .safe
    default: return .no
    }
  }

  /// After a handshake whatever happens is a lost connection, which may be tried again. But a
  /// server under TLS 1.3 judges the certificate of the client only then (RFC 8446 section
  /// 4.4.2.4).
  static func afterHandshake(_ reason: Int32) -> Retry {
    alert(in: reason) == nil ? .safe : after(reason)
  }

  private static func alert(in reason: Int32) -> Int32? {
    (alerts...(alerts + 255)).contains(reason) ? reason - alerts : nil
  }
}
