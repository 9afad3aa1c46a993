// Written by `make generated` from Sources/Options/options.json: change it there.

import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

@_cdecl("smtpconn_options_set_dns_timeout") @implementation
public func smtpconn_options_set_dns_timeout(_ options: OpaquePointer?, _ value: UInt32) -> CInt {
  unsafe setLimit(options, .dns, value)
}

@_cdecl("smtpconn_options_dns_timeout") @implementation
public func smtpconn_options_dns_timeout(_ options: OpaquePointer?) -> UInt32 {
  unsafe getLimit(options, .dns)
}

@_cdecl("smtpconn_options_set_connection_timeout") @implementation
public func smtpconn_options_set_connection_timeout(
  _ options: OpaquePointer?, _ value: UInt32
) -> CInt {
  unsafe setLimit(options, .connection, value)
}

@_cdecl("smtpconn_options_connection_timeout") @implementation
public func smtpconn_options_connection_timeout(_ options: OpaquePointer?) -> UInt32 {
  unsafe getLimit(options, .connection)
}

@_cdecl("smtpconn_options_set_greeting_timeout") @implementation
public func smtpconn_options_set_greeting_timeout(
  _ options: OpaquePointer?, _ value: UInt32
) -> CInt {
  unsafe setLimit(options, .greeting, value)
}

@_cdecl("smtpconn_options_greeting_timeout") @implementation
public func smtpconn_options_greeting_timeout(_ options: OpaquePointer?) -> UInt32 {
  unsafe getLimit(options, .greeting)
}

@_cdecl("smtpconn_options_set_socket_timeout") @implementation
public func smtpconn_options_set_socket_timeout(
  _ options: OpaquePointer?, _ value: UInt32
) -> CInt {
  unsafe setLimit(options, .socket, value)
}

@_cdecl("smtpconn_options_socket_timeout") @implementation
public func smtpconn_options_socket_timeout(_ options: OpaquePointer?) -> UInt32 {
  unsafe getLimit(options, .socket)
}

@_cdecl("smtpconn_options_set_command_timeout") @implementation
public func smtpconn_options_set_command_timeout(
  _ options: OpaquePointer?, _ value: UInt32
) -> CInt {
  unsafe setLimit(options, .command, value)
}

@_cdecl("smtpconn_options_command_timeout") @implementation
public func smtpconn_options_command_timeout(_ options: OpaquePointer?) -> UInt32 {
  unsafe getLimit(options, .command)
}

@_cdecl("smtpconn_options_set_final_reply_timeout") @implementation
public func smtpconn_options_set_final_reply_timeout(
  _ options: OpaquePointer?, _ value: UInt32
) -> CInt {
  unsafe setLimit(options, .finalReply, value)
}

@_cdecl("smtpconn_options_final_reply_timeout") @implementation
public func smtpconn_options_final_reply_timeout(_ options: OpaquePointer?) -> UInt32 {
  unsafe getLimit(options, .finalReply)
}

@_cdecl("smtpconn_options_set_quit_timeout") @implementation
public func smtpconn_options_set_quit_timeout(_ options: OpaquePointer?, _ value: UInt32) -> CInt {
  unsafe setLimit(options, .quit, value)
}

@_cdecl("smtpconn_options_quit_timeout") @implementation
public func smtpconn_options_quit_timeout(_ options: OpaquePointer?) -> UInt32 {
  unsafe getLimit(options, .quit)
}

@_cdecl("smtpconn_options_set_operation_timeout") @implementation
public func smtpconn_options_set_operation_timeout(
  _ options: OpaquePointer?, _ value: UInt32
) -> CInt {
  unsafe setLimit(options, .operation, value)
}

@_cdecl("smtpconn_options_operation_timeout") @implementation
public func smtpconn_options_operation_timeout(_ options: OpaquePointer?) -> UInt32 {
  unsafe getLimit(options, .operation)
}
