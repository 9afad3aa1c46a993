// Written by `make generated` from Sources/Options/options.json: change it there.

import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

@_cdecl("smtpconn_options_set_tls_servername") @implementation
public func smtpconn_options_set_tls_servername(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options) { (options) throws(Failure) in try options.setServername(value) }
}

@_cdecl("smtpconn_options_tls_servername") @implementation
public func smtpconn_options_tls_servername(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.servername }
}

@_cdecl("smtpconn_options_set_tls_ca_file") @implementation
public func smtpconn_options_set_tls_ca_file(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options) { (options) throws(Failure) in
    try options.setAuthorities(.file, value, option: "tls_ca_file")
  }
}

@_cdecl("smtpconn_options_tls_ca_file") @implementation
public func smtpconn_options_tls_ca_file(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { path($0.tls.authorities) }
}

@_cdecl("smtpconn_options_set_tls_ca_directory") @implementation
public func smtpconn_options_set_tls_ca_directory(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options) { (options) throws(Failure) in
    try options.setCADirectory(value)
  }
}

@_cdecl("smtpconn_options_tls_ca_directory") @implementation
public func smtpconn_options_tls_ca_directory(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.tls.caDirectory }
}

@_cdecl("smtpconn_options_set_tls_ca") @implementation
public func smtpconn_options_set_tls_ca(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options) { (options) throws(Failure) in
    try options.setAuthorities(.text, value, option: "tls_ca")
  }
}

@_cdecl("smtpconn_options_tls_ca") @implementation
public func smtpconn_options_tls_ca(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { pem($0.tls.authorities) }
}

@_cdecl("smtpconn_options_set_tls_pins") @implementation
public func smtpconn_options_set_tls_pins(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options) { (options) throws(Failure) in try options.setPins(value) }
}

@_cdecl("smtpconn_options_tls_pins") @implementation
public func smtpconn_options_tls_pins(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.pins }
}

@_cdecl("smtpconn_options_set_tls_tlsa") @implementation
public func smtpconn_options_set_tls_tlsa(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options) { (options) throws(Failure) in try options.setRecords(value) }
}

@_cdecl("smtpconn_options_tls_tlsa") @implementation
public func smtpconn_options_tls_tlsa(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.records }
}

@_cdecl("smtpconn_options_set_tls_mta_sts") @implementation
public func smtpconn_options_set_tls_mta_sts(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options) { (options) throws(Failure) in try options.setPolicy(value) }
}

@_cdecl("smtpconn_options_tls_mta_sts") @implementation
public func smtpconn_options_tls_mta_sts(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.tls.policy?.text }
}

@_cdecl("smtpconn_options_set_tls_crl_file") @implementation
public func smtpconn_options_set_tls_crl_file(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options) { (options) throws(Failure) in
    try options.setRevocations(value)
  }
}

@_cdecl("smtpconn_options_tls_crl_file") @implementation
public func smtpconn_options_tls_crl_file(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.tls.revocations }
}

@_cdecl("smtpconn_options_set_tls_require_ocsp") @implementation
public func smtpconn_options_set_tls_require_ocsp(
  _ options: OpaquePointer?, _ value: CInt
) -> CInt {
  unsafe setOption(options) { (options) throws(Failure) in options.tls.requiresStaple = value != 0 }
}

@_cdecl("smtpconn_options_tls_require_ocsp") @implementation
public func smtpconn_options_tls_require_ocsp(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.tls.requiresStaple }
}

@_cdecl("smtpconn_options_set_tls_certificate_file") @implementation
public func smtpconn_options_set_tls_certificate_file(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options) { (options) throws(Failure) in
    try options.setCertificate(.file, value, option: "tls_certificate_file")
  }
}

@_cdecl("smtpconn_options_tls_certificate_file") @implementation
public func smtpconn_options_tls_certificate_file(
  _ options: OpaquePointer?
) -> UnsafePointer<CChar>? {
  unsafe getText(options) { path($0.tls.certificate) }
}

@_cdecl("smtpconn_options_set_tls_certificate") @implementation
public func smtpconn_options_set_tls_certificate(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options) { (options) throws(Failure) in
    try options.setCertificate(.text, value, option: "tls_certificate")
  }
}

@_cdecl("smtpconn_options_tls_certificate") @implementation
public func smtpconn_options_tls_certificate(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { pem($0.tls.certificate) }
}

@_cdecl("smtpconn_options_set_tls_key_file") @implementation
public func smtpconn_options_set_tls_key_file(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options) { (options) throws(Failure) in
    try options.setKey(.file, value, option: "tls_key_file")
  }
}

@_cdecl("smtpconn_options_tls_key_file") @implementation
public func smtpconn_options_tls_key_file(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { path($0.tls.key) }
}

@_cdecl("smtpconn_options_set_tls_key") @implementation
public func smtpconn_options_set_tls_key(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options) { (options) throws(Failure) in
    try options.setKey(.text, value, option: "tls_key")
  }
}
