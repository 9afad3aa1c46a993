import CSMTPConn
import SMTPConnection
import SMTPProtocol

// Login.

@_cdecl("smtpconn_options_set_auth_method") @implementation
public func smtpconn_options_set_auth_method(
  _ options: OpaquePointer?, _ mechanism: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(mechanism)
  return unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in try options.setAuthMethod(value) }
}

@_cdecl("smtpconn_options_auth_method") @implementation
public func smtpconn_options_auth_method(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.authMethod }
}

@_cdecl("smtpconn_options_set_allow_insecure_auth") @implementation
public func smtpconn_options_set_allow_insecure_auth(_ options: OpaquePointer?, _ allow: CInt) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in options.allowInsecureAuth = allow != 0 }
}

@_cdecl("smtpconn_options_allow_insecure_auth") @implementation
public func smtpconn_options_allow_insecure_auth(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.allowInsecureAuth }
}

@_cdecl("smtpconn_options_set_initial_response") @implementation
public func smtpconn_options_set_initial_response(_ options: OpaquePointer?, _ mode: CInt) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in try options.setInitialResponse(mode) }
}

@_cdecl("smtpconn_options_initial_response") @implementation
public func smtpconn_options_initial_response(_ options: OpaquePointer?) -> CInt {
  unsafe OptionsPointer.borrow(options)?.options.initialResponse.rawValue ?? 0
}

@_cdecl("smtpconn_options_set_hello_after_login") @implementation
public func smtpconn_options_set_hello_after_login(_ options: OpaquePointer?, _ again: CInt) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in options.helloAfterLogin = again != 0 }
}

@_cdecl("smtpconn_options_hello_after_login") @implementation
public func smtpconn_options_hello_after_login(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.helloAfterLogin }
}
