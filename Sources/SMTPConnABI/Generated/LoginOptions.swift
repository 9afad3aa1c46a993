// Written by `make generated` from Sources/Options/options.json: change it there.

import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

@_cdecl("smtpconn_options_set_auth_method") @implementation
public func smtpconn_options_set_auth_method(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    try options.setAuthMethod(value)
  }
}

@_cdecl("smtpconn_options_auth_method") @implementation
public func smtpconn_options_auth_method(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.authMethod }
}

@_cdecl("smtpconn_options_set_channel_binding") @implementation
public func smtpconn_options_set_channel_binding(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    try options.setChannelBinding(value)
  }
}

@_cdecl("smtpconn_options_channel_binding") @implementation
public func smtpconn_options_channel_binding(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.channelBinding }
}

@_cdecl("smtpconn_options_set_initial_response") @implementation
public func smtpconn_options_set_initial_response(
  _ options: OpaquePointer?, _ value: CInt
) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    try options.setInitialResponse(value)
  }
}

@_cdecl("smtpconn_options_initial_response") @implementation
public func smtpconn_options_initial_response(_ options: OpaquePointer?) -> CInt {
  unsafe getNumber(options) { Int($0.initialResponse.rawValue) }
}

@_cdecl("smtpconn_options_set_hello_after_login") @implementation
public func smtpconn_options_set_hello_after_login(
  _ options: OpaquePointer?, _ value: CInt
) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    options.helloAfterLogin = value != 0
  }
}

@_cdecl("smtpconn_options_hello_after_login") @implementation
public func smtpconn_options_hello_after_login(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.helloAfterLogin }
}

@_cdecl("smtpconn_options_set_allow_insecure_auth") @implementation
public func smtpconn_options_set_allow_insecure_auth(
  _ options: OpaquePointer?, _ value: CInt
) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    options.allowInsecureAuth = value != 0
  }
}

@_cdecl("smtpconn_options_allow_insecure_auth") @implementation
public func smtpconn_options_allow_insecure_auth(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.allowInsecureAuth }
}
