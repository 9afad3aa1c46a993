public import CSMTPConn
import SMTPConnection
import SMTPProtocol

// The events of a connection. The closures hold the handle until the connection
// is freed, which drops them.

@_cdecl("smtpconn_set_connect_callback") @implementation
public func smtpconn_set_connect_callback(
  _ connection: OpaquePointer?, _ callback: smtpconn_event_callback?,
  _ user: UnsafeMutableRawPointer?
) {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return }
  handle.connection.events.onConnect = unsafe event(handle, callback, user)
}

@_cdecl("smtpconn_set_end_callback") @implementation
public func smtpconn_set_end_callback(
  _ connection: OpaquePointer?, _ callback: smtpconn_event_callback?,
  _ user: UnsafeMutableRawPointer?
) {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return }
  handle.connection.events.onEnd = unsafe event(handle, callback, user)
}

private func event(
  _ handle: ConnectionHandle, _ callback: smtpconn_event_callback?,
  _ user: UnsafeMutableRawPointer?
) -> (() -> Void)? {
  guard let callback = unsafe callback else { return nil }
  return { unsafe callback(Handle.view(handle), user) }
}

@_cdecl("smtpconn_set_error_callback") @implementation
public func smtpconn_set_error_callback(
  _ connection: OpaquePointer?, _ callback: smtpconn_error_callback?,
  _ user: UnsafeMutableRawPointer?
) {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return }
  guard let callback = unsafe callback else {
    handle.connection.events.onError = nil
    return
  }
  handle.connection.events.onError = { failure in
    unsafe withView(of: failure) { error in unsafe callback(Handle.view(handle), error, user) }
  }
}

@_cdecl("smtpconn_set_log_callback") @implementation
public func smtpconn_set_log_callback(
  _ connection: OpaquePointer?, _ callback: smtpconn_log_callback?,
  _ user: UnsafeMutableRawPointer?
) {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return }
  guard let callback = unsafe callback else {
    handle.connection.onLog = nil
    return
  }
  handle.connection.onLog = { record in
    unsafe withText(of: record) { text in
      unsafe callback(
        Handle.view(handle), record.level.rawValue, record.kind.rawValue, text,
        record.text.count, user)
    }
  }
}

/// Shows the text of a line of the log to C for the time of a call.
func withText(of record: LogRecord, _ body: (UnsafePointer<CChar>?) -> Void) {
  let text = CText(record.text.map { Bytes.isControl($0) ? .question : $0 })
  withExtendedLifetime(text) { unsafe body(text.pointer) }
}

@_cdecl("smtpconn_set_progress_callback") @implementation
public func smtpconn_set_progress_callback(
  _ connection: OpaquePointer?, _ callback: smtpconn_progress_callback?,
  _ user: UnsafeMutableRawPointer?
) {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return }
  guard let callback = unsafe callback else {
    handle.connection.events.onProgress = nil
    return
  }
  handle.connection.events.onProgress = { sent, total, tag in
    unsafe callback(
      Handle.view(handle), sent, total, UnsafeMutableRawPointer(bitPattern: tag), user)
  }
}
