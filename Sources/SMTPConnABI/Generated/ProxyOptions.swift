// Written by `make generated` from Sources/Options/options.json: change it there.

import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

@_cdecl("smtpconn_options_set_proxy") @implementation
public func smtpconn_options_set_proxy(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options) { (options) throws(Failure) in try options.setProxy(value) }
}

@_cdecl("smtpconn_options_proxy") @implementation
public func smtpconn_options_proxy(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.proxy?.text }
}

@_cdecl("smtpconn_options_set_proxy_user") @implementation
public func smtpconn_options_set_proxy_user(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    try options.setProxyUser(value)
  }
}

@_cdecl("smtpconn_options_proxy_user") @implementation
public func smtpconn_options_proxy_user(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.proxyUser?.bytes }
}

@_cdecl("smtpconn_options_set_proxy_password") @implementation
public func smtpconn_options_set_proxy_password(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    try options.setProxyPassword(value)
  }
}

@_cdecl("smtpconn_options_set_proxy_from_environment") @implementation
public func smtpconn_options_set_proxy_from_environment(
  _ options: OpaquePointer?, _ value: CInt
) -> CInt {
  unsafe setOption(options) { (options) throws(Failure) in
    options.proxyFromEnvironment = value != 0
  }
}

@_cdecl("smtpconn_options_proxy_from_environment") @implementation
public func smtpconn_options_proxy_from_environment(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.proxyFromEnvironment }
}

@_cdecl("smtpconn_options_set_proxy_token_endpoint") @implementation
public func smtpconn_options_set_proxy_token_endpoint(
  _ options: OpaquePointer?, _ value: CInt
) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    options.proxyTokenEndpoint = value != 0
  }
}

@_cdecl("smtpconn_options_proxy_token_endpoint") @implementation
public func smtpconn_options_proxy_token_endpoint(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.proxyTokenEndpoint }
}
