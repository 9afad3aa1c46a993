// Written by `make generated` from Sources/Options/options.json: change it there.

import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

@_cdecl("smtpconn_options_set_transaction_log") @implementation
public func smtpconn_options_set_transaction_log(_ options: OpaquePointer?, _ value: CInt) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    options.transactionLog = value != 0
  }
}

@_cdecl("smtpconn_options_transaction_log") @implementation
public func smtpconn_options_transaction_log(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.transactionLog }
}

@_cdecl("smtpconn_options_set_debug") @implementation
public func smtpconn_options_set_debug(_ options: OpaquePointer?, _ value: CInt) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    options.debug = value != 0
  }
}

@_cdecl("smtpconn_options_debug") @implementation
public func smtpconn_options_debug(_ options: OpaquePointer?) -> CInt {
  unsafe getFlag(options) { $0.debug }
}
