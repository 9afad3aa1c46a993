import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

// TLS sessions on their way to another process, and back.

@_cdecl("smtpconn_options_take_tls_session") @implementation
public func smtpconn_options_take_tls_session(
  _ options: OpaquePointer?, _ buffer: UnsafeMutableRawPointer?, _ capacity: Int
) -> Int {
  guard let handle = unsafe OptionsPointer.borrow(options) else { return 0 }
  // A `size_t` beyond the signed range arrives as a negative number.
  let room = unsafe buffer == nil ? 0 : capacity < 0 ? Int.max : capacity
  return unsafe handle.options.tlsMemory.sessions.export(
    into: UnsafeMutableRawBufferPointer(start: buffer, count: room))
}

@_cdecl("smtpconn_options_add_tls_session") @implementation
public func smtpconn_options_add_tls_session(
  _ options: OpaquePointer?, _ octets: UnsafeRawPointer?, _ length: Int
) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    guard options.tls.keepsSessions else {
      throw Failure(
        .options,
        "a TLS session is of no use: tls_resumption is off, or tls_tlsa, tls_crl_file or"
          + " tls_require_ocsp is set")
    }
    guard let octets = unsafe cOctets(octets, length),
      unsafe options.tlsMemory.sessions.add(octets)
    else {
      throw Failure(.options, "what was added is no TLS session that was exported")
    }
  }
}
