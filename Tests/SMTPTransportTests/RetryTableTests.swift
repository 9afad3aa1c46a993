import COpenSSL
import CSystem
import SMTPProtocol
import Testing

@testable import SMTPTransport

/// Which failures of the way to a server may be over at the next attempt.
@Suite struct RetryTableTests {
  /// RFC 3493 section 6.1 and the codes of the GNU C library; each by its number, since a code
  /// that is left out gets the answer of all others.
  @Test(arguments: [
    (EAI_AGAIN, Retry.safe), (EAI_MEMORY, .safe), (EAI_SYSTEM, .safe),
    (EAI_BADFLAGS, .no), (EAI_NONAME, .no), (EAI_FAIL, .no), (-5, .no), (EAI_FAMILY, .no),
    (EAI_SOCKTYPE, .no), (EAI_SERVICE, .no), (-9, .no), (EAI_OVERFLOW, .no), (-105, .no),
  ])
  func resolving(_ code: Int32, _ retry: Retry) {
    #expect(Resolver.retry(after: code) == retry)
  }

  /// By errno of socket, bind and connect.
  @Test(arguments: [
    (ECONNREFUSED, Retry.safe), (ECONNRESET, .safe), (ECONNABORTED, .safe), (ETIMEDOUT, .safe),
    (EHOSTUNREACH, .safe), (ENETUNREACH, .safe), (EHOSTDOWN, .safe), (ENETDOWN, .safe),
    (EADDRNOTAVAIL, .safe), (EADDRINUSE, .safe), (EAGAIN, .safe), (EMFILE, .safe),
    (ENFILE, .safe), (ENOBUFS, .safe), (ENOMEM, .safe), (EACCES, .safe), (EPERM, .safe),
    (ENOENT, .safe), (ENOTDIR, .safe), (EINTR, .safe), (EPIPE, .safe), (EIO, .safe),
    (EAFNOSUPPORT, .no), (EPROTONOSUPPORT, .no), (ESOCKTNOSUPPORT, .no), (EPROTOTYPE, .no),
    (EINVAL, .no), (ENOTSOCK, .no), (EOPNOTSUPP, .no), (ENAMETOOLONG, .no),
  ])
  func connecting(_ code: Int32, _ retry: Retry) {
    #expect(Connector.retry(after: code) == retry)
  }

  /// bad_record_mac, decryption_failed, internal_error, user_canceled, unknown_psk_identity.
  private static let passing: Set<Int32> = [20, 21, 80, 90, 115]

  @Test func alerts() {
    for alert in Int32(0)...255 {
      let wanted: Retry = Self.passing.contains(alert) ? .safe : .no
      #expect(TLSRetry.after(1000 + alert) == wanted, "alert \(alert)")
      #expect(TLSRetry.afterHandshake(1000 + alert) == wanted, "alert \(alert) later")
    }
  }

  @Test(arguments: [
    (Int32(0), Retry.safe), (SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, .safe),
    (SSL_R_UNEXPECTED_EOF_WHILE_READING, .safe), (SSL_R_WRONG_VERSION_NUMBER, .no),
    (SSL_R_CERTIFICATE_VERIFY_FAILED, .no), (SSL_R_NO_SHARED_CIPHER, .no),
    (SSL_R_LENGTH_MISMATCH, .no), (999, .no), (1256, .no),
  ])
  func ownReasons(_ reason: Int32, _ retry: Retry) {
    #expect(TLSRetry.after(reason) == retry)
    #expect(TLSRetry.afterHandshake(reason) == .safe)
  }
}
