// Written by `make generated` from Sources/Options/options.json: change it there.

import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

@_cdecl("smtpconn_options_set_tls_ciphers") @implementation
public func smtpconn_options_set_tls_ciphers(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options) { (options) throws(Failure) in options.tls.ciphers = value }
}

@_cdecl("smtpconn_options_tls_ciphers") @implementation
public func smtpconn_options_tls_ciphers(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.tls.ciphers }
}

@_cdecl("smtpconn_options_set_tls_cipher_suites") @implementation
public func smtpconn_options_set_tls_cipher_suites(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options) { (options) throws(Failure) in options.tls.cipherSuites = value }
}

@_cdecl("smtpconn_options_tls_cipher_suites") @implementation
public func smtpconn_options_tls_cipher_suites(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.tls.cipherSuites }
}

@_cdecl("smtpconn_options_set_tls_groups") @implementation
public func smtpconn_options_set_tls_groups(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options) { (options) throws(Failure) in options.tls.groups = value }
}

@_cdecl("smtpconn_options_tls_groups") @implementation
public func smtpconn_options_tls_groups(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.tls.groups }
}

@_cdecl("smtpconn_options_set_tls_min_version") @implementation
public func smtpconn_options_set_tls_min_version(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options) { (options) throws(Failure) in
    try options.setMinimumVersion(value)
  }
}

@_cdecl("smtpconn_options_tls_min_version") @implementation
public func smtpconn_options_tls_min_version(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { Options.name(of: $0.tls.minimumVersion) }
}

@_cdecl("smtpconn_options_set_tls_max_version") @implementation
public func smtpconn_options_set_tls_max_version(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options) { (options) throws(Failure) in
    try options.setMaximumVersion(value)
  }
}

@_cdecl("smtpconn_options_tls_max_version") @implementation
public func smtpconn_options_tls_max_version(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.tls.maximumVersion.map { Options.name(of: $0) } }
}

@_cdecl("smtpconn_options_set_tls_alpn") @implementation
public func smtpconn_options_set_tls_alpn(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options) { (options) throws(Failure) in try options.setProtocols(value) }
}

@_cdecl("smtpconn_options_tls_alpn") @implementation
public func smtpconn_options_tls_alpn(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.protocols }
}

@_cdecl("smtpconn_options_set_tls_reject_unauthorized") @implementation
public func smtpconn_options_set_tls_reject_unauthorized(
  _ options: OpaquePointer?, _ value: CInt
) -> CInt {
  unsafe setOption(options) { (options) throws(Failure) in
    options.tls.rejectUnauthorized = value != 0
  }
}

@_cdecl("smtpconn_options_tls_reject_unauthorized") @implementation
public func smtpconn_options_tls_reject_unauthorized(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.tls.rejectUnauthorized }
}

@_cdecl("smtpconn_options_set_tls_resumption") @implementation
public func smtpconn_options_set_tls_resumption(_ options: OpaquePointer?, _ value: CInt) -> CInt {
  unsafe setOption(options) { (options) throws(Failure) in options.tls.resumes = value != 0 }
}

@_cdecl("smtpconn_options_tls_resumption") @implementation
public func smtpconn_options_tls_resumption(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.tls.resumes }
}
