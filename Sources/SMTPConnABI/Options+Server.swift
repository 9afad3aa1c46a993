import CSMTPConn
import SMTPConnection
import SMTPProtocol

// Where to connect, as whom, and how far to trust the way.

@_cdecl("smtpconn_options_set_host") @implementation
public func smtpconn_options_set_host(
  _ options: OpaquePointer?, _ host: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(host)
  return unsafe setOption(options) { (options) throws(Failure) in try options.setHost(value) }
}

@_cdecl("smtpconn_options_host") @implementation
public func smtpconn_options_host(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.effectiveHost }
}

@_cdecl("smtpconn_options_set_port") @implementation
public func smtpconn_options_set_port(_ options: OpaquePointer?, _ port: CInt) -> CInt {
  unsafe setOption(options) { (options) throws(Failure) in try options.setPort(Int(port)) }
}

@_cdecl("smtpconn_options_port") @implementation
public func smtpconn_options_port(_ options: OpaquePointer?) -> CInt {
  guard let handle = unsafe OptionsPointer.borrow(options) else { return 0 }
  return CInt(truncatingIfNeeded: handle.options.effectivePort)
}

@_cdecl("smtpconn_options_set_secure") @implementation
public func smtpconn_options_set_secure(_ options: OpaquePointer?, _ secure: CInt) -> CInt {
  unsafe setOption(options) { (options) throws(Failure) in options.secure = secure != 0 }
}

@_cdecl("smtpconn_options_secure") @implementation
public func smtpconn_options_secure(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.isSecure }
}

@_cdecl("smtpconn_options_set_ignore_tls") @implementation
public func smtpconn_options_set_ignore_tls(_ options: OpaquePointer?, _ ignore_tls: CInt) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in options.ignoreTLS = ignore_tls != 0 }
}

@_cdecl("smtpconn_options_ignore_tls") @implementation
public func smtpconn_options_ignore_tls(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.ignoreTLS }
}

@_cdecl("smtpconn_options_set_require_tls") @implementation
public func smtpconn_options_set_require_tls(_ options: OpaquePointer?, _ require_tls: CInt) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in options.requireTLS = require_tls != 0 }
}

@_cdecl("smtpconn_options_require_tls") @implementation
public func smtpconn_options_require_tls(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.requireTLS }
}

@_cdecl("smtpconn_options_set_name") @implementation
public func smtpconn_options_set_name(
  _ options: OpaquePointer?, _ name: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(name)
  return unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in try options.setName(value) }
}

@_cdecl("smtpconn_options_name") @implementation
public func smtpconn_options_name(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.name }
}

@_cdecl("smtpconn_options_set_opportunistic_tls") @implementation
public func smtpconn_options_set_opportunistic_tls(_ options: OpaquePointer?, _ opportunistic_tls: CInt) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in options.opportunisticTLS = opportunistic_tls != 0 }
}

@_cdecl("smtpconn_options_opportunistic_tls") @implementation
public func smtpconn_options_opportunistic_tls(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.opportunisticTLS }
}

@_cdecl("smtpconn_options_set_lmtp") @implementation
public func smtpconn_options_set_lmtp(_ options: OpaquePointer?, _ lmtp: CInt) -> CInt {
  unsafe setOption(options) { (options) throws(Failure) in options.lmtp = lmtp != 0 }
}

@_cdecl("smtpconn_options_lmtp") @implementation
public func smtpconn_options_lmtp(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.lmtp }
}

@_cdecl("smtpconn_options_set_ignored_capabilities") @implementation
public func smtpconn_options_set_ignored_capabilities(
  _ options: OpaquePointer?, _ keywords: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(keywords)
  return unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    try options.setIgnoredCapabilities(value)
  }
}

@_cdecl("smtpconn_options_ignored_capabilities") @implementation
public func smtpconn_options_ignored_capabilities(
  _ options: OpaquePointer?
) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.ignoredCapabilities }
}

@_cdecl("smtpconn_options_set_chunking") @implementation
public func smtpconn_options_set_chunking(_ options: OpaquePointer?, _ chunking: CInt) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    try options.setChunking(chunking)
  }
}

@_cdecl("smtpconn_options_chunking") @implementation
public func smtpconn_options_chunking(_ options: OpaquePointer?) -> CInt {
  guard let handle = unsafe OptionsPointer.borrow(options) else { return 0 }
  return handle.options.chunking.rawValue
}
