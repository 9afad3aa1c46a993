import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

// Which socket, and from where.

@_cdecl("smtpconn_options_set_socket_path") @implementation
public func smtpconn_options_set_socket_path(
  _ options: OpaquePointer?, _ path: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(path)
  return unsafe setOption(options) { (options) throws(Failure) in try options.setSocketPath(value) }
}

@_cdecl("smtpconn_options_socket_path") @implementation
public func smtpconn_options_socket_path(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.socketPath }
}

@_cdecl("smtpconn_options_set_local_address") @implementation
public func smtpconn_options_set_local_address(
  _ options: OpaquePointer?, _ address: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(address)
  return unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in try options.setLocalAddress(value) }
}

@_cdecl("smtpconn_options_local_address") @implementation
public func smtpconn_options_local_address(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.localAddress }
}

@_cdecl("smtpconn_options_set_local_port") @implementation
public func smtpconn_options_set_local_port(_ options: OpaquePointer?, _ port: CInt) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in try options.setLocalPort(Int(port)) }
}

@_cdecl("smtpconn_options_local_port") @implementation
public func smtpconn_options_local_port(_ options: OpaquePointer?) -> CInt {
  CInt(truncatingIfNeeded: unsafe OptionsPointer.borrow(options)?.options.localPort ?? 0)
}

@_cdecl("smtpconn_options_set_socket") @implementation
public func smtpconn_options_set_socket(_ options: OpaquePointer?, _ descriptor: CInt) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    try options.setSocket(descriptor < 0 ? nil : descriptor)
  }
}

@_cdecl("smtpconn_options_socket") @implementation
public func smtpconn_options_socket(_ options: OpaquePointer?) -> CInt {
  unsafe OptionsPointer.borrow(options)?.options.socket?.given ?? -1
}

@_cdecl("smtpconn_options_set_connection") @implementation
public func smtpconn_options_set_connection(_ options: OpaquePointer?, _ descriptor: CInt) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    try options.setConnectedSocket(descriptor < 0 ? nil : descriptor)
  }
}

@_cdecl("smtpconn_options_connection") @implementation
public func smtpconn_options_connection(_ options: OpaquePointer?) -> CInt {
  unsafe OptionsPointer.borrow(options)?.options.connectedSocket?.given ?? -1
}

@_cdecl("smtpconn_options_set_secured") @implementation
public func smtpconn_options_set_secured(_ options: OpaquePointer?, _ secured: CInt) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in options.isSecured = secured != 0 }
}

@_cdecl("smtpconn_options_secured") @implementation
public func smtpconn_options_secured(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.isSecured }
}
