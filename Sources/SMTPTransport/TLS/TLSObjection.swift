import COpenSSL
import SMTPProtocol

/// Why a server whose certificate is trusted is refused.
enum TLSObjection {
  /// Its key is none of the pins.
  case key
  /// No TLSA record was matched, although OpenSSL has no complaint.
  case record
  /// What is wrong with its OCSP response.
  case staple(Int32)

  func failure(_ session: TLSSession) -> Failure {
    switch self {
    case .key:
      let digest = unsafe session.withShownCertificate { unsafe TLSPins.digest($0) } ?? []
      let shown = Bytes.printable(TLSPins.text(digest))
      return TLSFailure.make(
        "the key of the server is none of tls_pins, but \(shown)",
        reason: "the key is not pinned", retry: .no, kind: .tlsPin)
    case .record:
      return TLSFailure.make(
        "the certificate of the server was not compared with the TLSA records (tls_tlsa)",
        reason: "no TLSA record", retry: .no, kind: .tlsDANE)
    case .staple(let verdict): return Self.staple(verdict)
    }
  }

  /// What a server may have the next time can be tried again.
  private static func staple(_ verdict: Int32) -> Failure {
    let (reason, retry): (StaticString, Retry) =
      switch verdict {
      case COPENSSL_STAPLE_MISSING: ("the server sends none", .safe)
      case COPENSSL_STAPLE_UNUSABLE: ("it is damaged, or has no answer", .safe)
      case COPENSSL_STAPLE_FORGED: ("it is not signed by the issuer of the certificate", .no)
      case COPENSSL_STAPLE_OTHER: ("it is about another certificate", .no)
      case COPENSSL_STAPLE_OUTDATED: ("it is out of date", .safe)
      case COPENSSL_STAPLE_REVOKED: ("the certificate is revoked", .no)
      default: ("its issuer does not know the certificate", .no)
      }
    return TLSFailure.make(
      "the certificate of the server is not confirmed by an OCSP response (tls_require_ocsp):"
        + " \(ErrorText(stringLiteral: reason))", reason: "OCSP: \(reason)", retry: retry,
      kind: verdict == COPENSSL_STAPLE_REVOKED ? .tlsRevoked : .tlsOCSP)
  }
}
