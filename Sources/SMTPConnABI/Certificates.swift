import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

// The certificates that the server of a connection has sent.

@_cdecl("smtpconn_tls_certificate_count") @implementation
public func smtpconn_tls_certificate_count(_ connection: OpaquePointer?) -> Int {
  unsafe ConnectionPointer.borrow(connection)?.connection.certificateCount ?? 0
}

@_cdecl("smtpconn_tls_certificate") @implementation
public func smtpconn_tls_certificate(
  _ connection: OpaquePointer?, _ index: Int, _ length: UnsafeMutablePointer<Int>?
) -> UnsafeRawPointer? {
  guard let handle = unsafe ConnectionPointer.borrow(connection),
    let octets = handle.connection.certificate(at: index, .encoded),
    let start = unsafe handle.lastingTexts.hold(octets)
  else { return nil }
  unsafe length?.pointee = octets.count
  return unsafe UnsafeRawPointer(start)
}

@_cdecl("smtpconn_tls_certificate_subject") @implementation
public func smtpconn_tls_certificate_subject(
  _ connection: OpaquePointer?, _ index: Int
) -> UnsafePointer<CChar>? {
  unsafe text(connection, index, .subject)
}

@_cdecl("smtpconn_tls_certificate_issuer") @implementation
public func smtpconn_tls_certificate_issuer(
  _ connection: OpaquePointer?, _ index: Int
) -> UnsafePointer<CChar>? {
  unsafe text(connection, index, .issuer)
}

@_cdecl("smtpconn_tls_certificate_names") @implementation
public func smtpconn_tls_certificate_names(
  _ connection: OpaquePointer?, _ index: Int
) -> UnsafePointer<CChar>? {
  unsafe text(connection, index, .names)
}

@_cdecl("smtpconn_tls_certificate_not_before") @implementation
public func smtpconn_tls_certificate_not_before(
  _ connection: OpaquePointer?, _ index: Int
) -> UnsafePointer<CChar>? {
  unsafe text(connection, index, .notBefore)
}

@_cdecl("smtpconn_tls_certificate_not_after") @implementation
public func smtpconn_tls_certificate_not_after(
  _ connection: OpaquePointer?, _ index: Int
) -> UnsafePointer<CChar>? {
  unsafe text(connection, index, .notAfter)
}

private func text(
  _ connection: OpaquePointer?, _ index: Int, _ field: TLSCertificateField
) -> UnsafePointer<CChar>? {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nil }
  return unsafe handle.lastingTexts.hold(handle.connection.certificate(at: index, field))
}
