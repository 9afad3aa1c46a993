import CSMTPConn
import SMTPConnection
import SMTPProtocol

// The time limits.

@_cdecl("smtpconn_options_set_dns_timeout") @implementation
public func smtpconn_options_set_dns_timeout(
  _ options: OpaquePointer?, _ milliseconds: UInt32
) -> CInt {
  unsafe setLimit(options, .dns, milliseconds)
}

@_cdecl("smtpconn_options_dns_timeout") @implementation
public func smtpconn_options_dns_timeout(_ options: OpaquePointer?) -> UInt32 {
  unsafe getLimit(options, .dns)
}

@_cdecl("smtpconn_options_set_connection_timeout") @implementation
public func smtpconn_options_set_connection_timeout(
  _ options: OpaquePointer?, _ milliseconds: UInt32
) -> CInt {
  unsafe setLimit(options, .connection, milliseconds)
}

@_cdecl("smtpconn_options_connection_timeout") @implementation
public func smtpconn_options_connection_timeout(_ options: OpaquePointer?) -> UInt32 {
  unsafe getLimit(options, .connection)
}

@_cdecl("smtpconn_options_set_greeting_timeout") @implementation
public func smtpconn_options_set_greeting_timeout(
  _ options: OpaquePointer?, _ milliseconds: UInt32
) -> CInt {
  unsafe setLimit(options, .greeting, milliseconds)
}

@_cdecl("smtpconn_options_greeting_timeout") @implementation
public func smtpconn_options_greeting_timeout(_ options: OpaquePointer?) -> UInt32 {
  unsafe getLimit(options, .greeting)
}

@_cdecl("smtpconn_options_set_socket_timeout") @implementation
public func smtpconn_options_set_socket_timeout(
  _ options: OpaquePointer?, _ milliseconds: UInt32
) -> CInt {
  unsafe setLimit(options, .socket, milliseconds)
}

@_cdecl("smtpconn_options_socket_timeout") @implementation
public func smtpconn_options_socket_timeout(_ options: OpaquePointer?) -> UInt32 {
  unsafe getLimit(options, .socket)
}

@_cdecl("smtpconn_options_set_command_timeout") @implementation
public func smtpconn_options_set_command_timeout(
  _ options: OpaquePointer?, _ milliseconds: UInt32
) -> CInt {
  unsafe setLimit(options, .command, milliseconds)
}

@_cdecl("smtpconn_options_command_timeout") @implementation
public func smtpconn_options_command_timeout(_ options: OpaquePointer?) -> UInt32 {
  unsafe getLimit(options, .command)
}

@_cdecl("smtpconn_options_set_final_reply_timeout") @implementation
public func smtpconn_options_set_final_reply_timeout(
  _ options: OpaquePointer?, _ milliseconds: UInt32
) -> CInt {
  unsafe setLimit(options, .finalReply, milliseconds)
}

@_cdecl("smtpconn_options_final_reply_timeout") @implementation
public func smtpconn_options_final_reply_timeout(_ options: OpaquePointer?) -> UInt32 {
  unsafe getLimit(options, .finalReply)
}

@_cdecl("smtpconn_options_set_quit_timeout") @implementation
public func smtpconn_options_set_quit_timeout(
  _ options: OpaquePointer?, _ milliseconds: UInt32
) -> CInt {
  unsafe setLimit(options, .quit, milliseconds)
}

@_cdecl("smtpconn_options_quit_timeout") @implementation
public func smtpconn_options_quit_timeout(_ options: OpaquePointer?) -> UInt32 {
  unsafe getLimit(options, .quit)
}

@_cdecl("smtpconn_options_set_operation_timeout") @implementation
public func smtpconn_options_set_operation_timeout(
  _ options: OpaquePointer?, _ milliseconds: UInt32
) -> CInt {
  unsafe setLimit(options, .operation, milliseconds)
}

@_cdecl("smtpconn_options_operation_timeout") @implementation
public func smtpconn_options_operation_timeout(_ options: OpaquePointer?) -> UInt32 {
  unsafe getLimit(options, .operation)
}
