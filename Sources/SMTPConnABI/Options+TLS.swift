import CSMTPConn
import SMTPConnection
import SMTPProtocol

// Certificates and names.

@_cdecl("smtpconn_options_set_tls_servername") @implementation
public func smtpconn_options_set_tls_servername(
  _ options: OpaquePointer?, _ name: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(name)
  return unsafe setOption(options) { (options) throws(Failure) in try options.setServername(value) }
}

@_cdecl("smtpconn_options_tls_servername") @implementation
public func smtpconn_options_tls_servername(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.servername }
}

@_cdecl("smtpconn_options_set_tls_ca_file") @implementation
public func smtpconn_options_set_tls_ca_file(
  _ options: OpaquePointer?, _ path: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(path)
  return unsafe setOption(options) { (options) throws(Failure) in try options.setCAFile(value) }
}

@_cdecl("smtpconn_options_tls_ca_file") @implementation
public func smtpconn_options_tls_ca_file(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.caFile }
}

@_cdecl("smtpconn_options_set_tls_ca_directory") @implementation
public func smtpconn_options_set_tls_ca_directory(
  _ options: OpaquePointer?, _ path: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(path)
  return unsafe setOption(options) { (options) throws(Failure) in try options.setCADirectory(value) }
}

@_cdecl("smtpconn_options_tls_ca_directory") @implementation
public func smtpconn_options_tls_ca_directory(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.caDirectory }
}

@_cdecl("smtpconn_options_set_tls_reject_unauthorized") @implementation
public func smtpconn_options_set_tls_reject_unauthorized(_ options: OpaquePointer?, _ reject: CInt) -> CInt {
  unsafe setOption(options) { (options) throws(Failure) in options.rejectUnauthorized = reject != 0 }
}

@_cdecl("smtpconn_options_tls_reject_unauthorized") @implementation
public func smtpconn_options_tls_reject_unauthorized(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.rejectUnauthorized }
}
