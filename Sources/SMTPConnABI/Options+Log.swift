import CSMTPConn
import SMTPConnection
import SMTPProtocol

// What is logged.

@_cdecl("smtpconn_options_set_transaction_log") @implementation
public func smtpconn_options_set_transaction_log(_ options: OpaquePointer?, _ on: CInt) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in options.transactionLog = on != 0 }
}

@_cdecl("smtpconn_options_transaction_log") @implementation
public func smtpconn_options_transaction_log(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.transactionLog }
}

@_cdecl("smtpconn_options_set_debug") @implementation
public func smtpconn_options_set_debug(_ options: OpaquePointer?, _ on: CInt) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in options.debug = on != 0 }
}

@_cdecl("smtpconn_options_debug") @implementation
public func smtpconn_options_debug(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.debug }
}
