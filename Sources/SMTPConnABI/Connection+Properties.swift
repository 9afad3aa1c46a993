import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

// The properties of a connection.

@_cdecl("smtpconn_stage") @implementation
public func smtpconn_stage(_ connection: OpaquePointer?) -> CInt {
  let stage = unsafe ConnectionPointer.borrow(connection)?.connection.stage ?? .closed
  return stage.rawValue
}

@_cdecl("smtpconn_id") @implementation
public func smtpconn_id(_ connection: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nil }
  return unsafe handle.lastingTexts.hold(handle.connection.identifier)
}

@_cdecl("smtpconn_client_name") @implementation
public func smtpconn_client_name(_ connection: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nil }
  return unsafe handle.lastingTexts.hold(handle.connection.clientName)
}

@_cdecl("smtpconn_is_open") @implementation
public func smtpconn_is_open(_ connection: OpaquePointer?) -> CInt {
  unsafe ConnectionPointer.borrow(connection)?.connection.isOpen == true ? 1 : 0
}

@_cdecl("smtpconn_is_secure") @implementation
public func smtpconn_is_secure(_ connection: OpaquePointer?) -> CInt {
  unsafe ConnectionPointer.borrow(connection)?.connection.isSecure == true ? 1 : 0
}

@_cdecl("smtpconn_is_authenticated") @implementation
public func smtpconn_is_authenticated(_ connection: OpaquePointer?) -> CInt {
  unsafe ConnectionPointer.borrow(connection)?.connection.isAuthenticated == true ? 1 : 0
}

@_cdecl("smtpconn_tls_version") @implementation
public func smtpconn_tls_version(_ connection: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nil }
  return unsafe handle.lastingTexts.hold(handle.connection.tls?.version)
}

@_cdecl("smtpconn_tls_cipher") @implementation
public func smtpconn_tls_cipher(_ connection: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nil }
  return unsafe handle.lastingTexts.hold(handle.connection.tls?.cipher)
}

@_cdecl("smtpconn_tls_peer_name") @implementation
public func smtpconn_tls_peer_name(_ connection: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nil }
  return unsafe handle.lastingTexts.hold(handle.connection.tls?.peerName)
}

@_cdecl("smtpconn_tls_resumed") @implementation
public func smtpconn_tls_resumed(_ connection: OpaquePointer?) -> CInt {
  unsafe ConnectionPointer.borrow(connection)?.connection.isResumed == true ? 1 : 0
}

@_cdecl("smtpconn_remote_address") @implementation
public func smtpconn_remote_address(_ connection: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nil }
  return unsafe handle.lastingTexts.hold(handle.connection.remoteAddress)
}

@_cdecl("smtpconn_time") @implementation
public func smtpconn_time(_ connection: OpaquePointer?, _ part: CInt) -> CInt {
  guard let handle = unsafe ConnectionPointer.borrow(connection),
    let part = Timings.Part(rawValue: part)
  else { return -1 }
  return handle.connection.timings.milliseconds(of: part)
}

@_cdecl("smtpconn_last_response") @implementation
public func smtpconn_last_response(_ connection: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nil }
  return unsafe handle.texts.hold(handle.connection.lastReply?.text)
}

@_cdecl("smtpconn_has_capability") @implementation
public func smtpconn_has_capability(
  _ connection: OpaquePointer?, _ keyword: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe ConnectionPointer.borrow(connection),
    let keyword = unsafe cBytes(keyword), !keyword.isEmpty
  else { return 0 }
  return handle.connection.capabilities.has(keyword) ? 1 : 0
}

@_cdecl("smtpconn_capability_parameters") @implementation
public func smtpconn_capability_parameters(
  _ connection: OpaquePointer?, _ keyword: UnsafePointer<CChar>?
) -> UnsafePointer<CChar>? {
  guard let handle = unsafe ConnectionPointer.borrow(connection),
    let keyword = unsafe cBytes(keyword), !keyword.isEmpty
  else { return nil }
  let capabilities = handle.connection.capabilities
  guard let line = capabilities.line(of: keyword) else { return nil }
  // A number for each line, so that one keyword's text does not end another's.
  return unsafe handle.texts.hold(capabilities.parameters(of: keyword), line)
}

@_cdecl("smtpconn_capability_count") @implementation
public func smtpconn_capability_count(_ connection: OpaquePointer?) -> Int {
  unsafe ConnectionPointer.borrow(connection)?.connection.capabilities.lines.count ?? 0
}

@_cdecl("smtpconn_capability_line") @implementation
public func smtpconn_capability_line(
  _ connection: OpaquePointer?, _ index: Int
) -> UnsafePointer<CChar>? {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nil }
  let lines = handle.connection.capabilities.lines
  guard lines.indices.contains(index) else { return nil }
  return unsafe handle.texts.hold(lines[index], index)
}
