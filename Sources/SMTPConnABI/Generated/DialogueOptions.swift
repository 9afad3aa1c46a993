// Written by `make generated` from Sources/Options/options.json: change it there.

import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

@_cdecl("smtpconn_options_set_chunking") @implementation
public func smtpconn_options_set_chunking(_ options: OpaquePointer?, _ value: CInt) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    try options.setChunking(value)
  }
}

@_cdecl("smtpconn_options_chunking") @implementation
public func smtpconn_options_chunking(_ options: OpaquePointer?) -> CInt {
  unsafe getNumber(options) { Int($0.chunking.rawValue) }
}

@_cdecl("smtpconn_options_set_ignored_capabilities") @implementation
public func smtpconn_options_set_ignored_capabilities(
  _ options: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(value)
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
