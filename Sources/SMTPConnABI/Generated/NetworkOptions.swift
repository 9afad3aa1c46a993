// Written by `make generated` from Sources/Options/options.json: change it there.

import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

@_cdecl("smtpconn_options_set_address_family") @implementation
public func smtpconn_options_set_address_family(_ options: OpaquePointer?, _ value: CInt) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    try options.setAddressFamily(value)
  }
}

@_cdecl("smtpconn_options_address_family") @implementation
public func smtpconn_options_address_family(_ options: OpaquePointer?) -> CInt {
  unsafe getNumber(options) { Int($0.addressFamily.rawValue) }
}

@_cdecl("smtpconn_options_set_tcp_keepalive_idle") @implementation
public func smtpconn_options_set_tcp_keepalive_idle(
  _ options: OpaquePointer?, _ value: CInt
) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    try options.setTcpKeepaliveIdle(Int(value))
  }
}

@_cdecl("smtpconn_options_tcp_keepalive_idle") @implementation
public func smtpconn_options_tcp_keepalive_idle(_ options: OpaquePointer?) -> CInt {
  unsafe getNumber(options) { $0.tcpKeepaliveIdle }
}

@_cdecl("smtpconn_options_set_tcp_keepalive_interval") @implementation
public func smtpconn_options_set_tcp_keepalive_interval(
  _ options: OpaquePointer?, _ value: CInt
) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    try options.setTcpKeepaliveInterval(Int(value))
  }
}

@_cdecl("smtpconn_options_tcp_keepalive_interval") @implementation
public func smtpconn_options_tcp_keepalive_interval(_ options: OpaquePointer?) -> CInt {
  unsafe getNumber(options) { $0.tcpKeepaliveInterval }
}

@_cdecl("smtpconn_options_set_tcp_keepalive_count") @implementation
public func smtpconn_options_set_tcp_keepalive_count(
  _ options: OpaquePointer?, _ value: CInt
) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    try options.setTcpKeepaliveCount(Int(value))
  }
}

@_cdecl("smtpconn_options_tcp_keepalive_count") @implementation
public func smtpconn_options_tcp_keepalive_count(_ options: OpaquePointer?) -> CInt {
  unsafe getNumber(options) { $0.tcpKeepaliveCount }
}

@_cdecl("smtpconn_options_set_receive_buffer_size") @implementation
public func smtpconn_options_set_receive_buffer_size(
  _ options: OpaquePointer?, _ value: CInt
) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    try options.setReceiveBufferSize(Int(value))
  }
}

@_cdecl("smtpconn_options_receive_buffer_size") @implementation
public func smtpconn_options_receive_buffer_size(_ options: OpaquePointer?) -> CInt {
  unsafe getNumber(options) { $0.receiveBufferSize }
}

@_cdecl("smtpconn_options_set_send_buffer_size") @implementation
public func smtpconn_options_set_send_buffer_size(
  _ options: OpaquePointer?, _ value: CInt
) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    try options.setSendBufferSize(Int(value))
  }
}

@_cdecl("smtpconn_options_send_buffer_size") @implementation
public func smtpconn_options_send_buffer_size(_ options: OpaquePointer?) -> CInt {
  unsafe getNumber(options) { $0.sendBufferSize }
}
