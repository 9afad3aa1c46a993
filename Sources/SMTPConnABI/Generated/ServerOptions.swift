// Written by `make generated` from Sources/Options/options.json: change it there.

import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

@_cdecl("smtpconn_options_set_host") @implementation
public func smtpconn_options_set_host(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options) { (options) throws(Failure) in try options.setHost(value) }
}

@_cdecl("smtpconn_options_host") @implementation
public func smtpconn_options_host(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.effectiveHost }
}

@_cdecl("smtpconn_options_set_port") @implementation
public func smtpconn_options_set_port(_ options: OpaquePointer?, _ value: CInt) -> CInt {
  unsafe setOption(options) { (options) throws(Failure) in try options.setPort(Int(value)) }
}

@_cdecl("smtpconn_options_port") @implementation
public func smtpconn_options_port(_ options: OpaquePointer?) -> CInt {
  unsafe getNumber(options) { $0.effectivePort }
}

@_cdecl("smtpconn_options_set_secure") @implementation
public func smtpconn_options_set_secure(_ options: OpaquePointer?, _ value: CInt) -> CInt {
  unsafe setOption(options) { (options) throws(Failure) in options.secure = value != 0 }
}

@_cdecl("smtpconn_options_secure") @implementation
public func smtpconn_options_secure(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.isSecure }
}

@_cdecl("smtpconn_options_set_ignore_tls") @implementation
public func smtpconn_options_set_ignore_tls(_ options: OpaquePointer?, _ value: CInt) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    options.ignoreTLS = value != 0
  }
}

@_cdecl("smtpconn_options_ignore_tls") @implementation
public func smtpconn_options_ignore_tls(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.ignoreTLS }
}

@_cdecl("smtpconn_options_set_require_tls") @implementation
public func smtpconn_options_set_require_tls(_ options: OpaquePointer?, _ value: CInt) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    options.requireTLS = value != 0
  }
}

@_cdecl("smtpconn_options_require_tls") @implementation
public func smtpconn_options_require_tls(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.requireTLS }
}

@_cdecl("smtpconn_options_set_opportunistic_tls") @implementation
public func smtpconn_options_set_opportunistic_tls(
  _ options: OpaquePointer?, _ value: CInt
) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    options.opportunisticTLS = value != 0
  }
}

@_cdecl("smtpconn_options_opportunistic_tls") @implementation
public func smtpconn_options_opportunistic_tls(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.opportunisticTLS }
}

@_cdecl("smtpconn_options_set_lmtp") @implementation
public func smtpconn_options_set_lmtp(_ options: OpaquePointer?, _ value: CInt) -> CInt {
  unsafe setOption(options) { (options) throws(Failure) in options.lmtp = value != 0 }
}

@_cdecl("smtpconn_options_lmtp") @implementation
public func smtpconn_options_lmtp(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.lmtp }
}
