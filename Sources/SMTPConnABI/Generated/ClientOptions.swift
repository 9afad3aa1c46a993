// Written by `make generated` from Sources/Options/options.json: change it there.

import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

@_cdecl("smtpconn_options_set_socket_path") @implementation
public func smtpconn_options_set_socket_path(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options) { (options) throws(Failure) in try options.setSocketPath(value) }
}

@_cdecl("smtpconn_options_socket_path") @implementation
public func smtpconn_options_socket_path(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.socketPath }
}

@_cdecl("smtpconn_options_set_local_address") @implementation
public func smtpconn_options_set_local_address(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    try options.setLocalAddress(value)
  }
}

@_cdecl("smtpconn_options_local_address") @implementation
public func smtpconn_options_local_address(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.localAddress }
}

@_cdecl("smtpconn_options_set_local_port") @implementation
public func smtpconn_options_set_local_port(_ options: OpaquePointer?, _ value: CInt) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    try options.setLocalPort(Int(value))
  }
}

@_cdecl("smtpconn_options_local_port") @implementation
public func smtpconn_options_local_port(_ options: OpaquePointer?) -> CInt {
  unsafe getNumber(options) { $0.localPort }
}

@_cdecl("smtpconn_options_set_socket") @implementation
public func smtpconn_options_set_socket(_ options: OpaquePointer?, _ value: CInt) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    try options.setSocket(value < 0 ? nil : value)
  }
}

@_cdecl("smtpconn_options_socket") @implementation
public func smtpconn_options_socket(_ options: OpaquePointer?) -> CInt {
  unsafe getDescriptor(options) { $0.socket }
}

@_cdecl("smtpconn_options_set_connection") @implementation
public func smtpconn_options_set_connection(_ options: OpaquePointer?, _ value: CInt) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    try options.setConnectedSocket(value < 0 ? nil : value)
  }
}

@_cdecl("smtpconn_options_connection") @implementation
public func smtpconn_options_connection(_ options: OpaquePointer?) -> CInt {
  unsafe getDescriptor(options) { $0.connectedSocket }
}

@_cdecl("smtpconn_options_set_secured") @implementation
public func smtpconn_options_set_secured(_ options: OpaquePointer?, _ value: CInt) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    options.isSecured = value != 0
  }
}

@_cdecl("smtpconn_options_secured") @implementation
public func smtpconn_options_secured(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.isSecured }
}

@_cdecl("smtpconn_options_set_name") @implementation
public func smtpconn_options_set_name(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
  return unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    try options.setName(value)
  }
}

@_cdecl("smtpconn_options_name") @implementation
public func smtpconn_options_name(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.name }
}
