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
