public import CSMTPConn
import SMTPConnection
import SMTPProtocol

// The callbacks of a pool that belong to no message. The closures hold the handle until the pool is
// freed, which drops them.

@_cdecl("smtpconn_pool_set_room_callback") @implementation
public func smtpconn_pool_set_room_callback(
  _ pool: OpaquePointer?, _ callback: smtpconn_pool_callback?, _ user: UnsafeMutableRawPointer?
) {
  guard let handle = unsafe PoolPointer.borrow(pool) else { return }
  guard let callback = unsafe callback else {
    handle.pool.onRoom = nil
    return
  }
  handle.pool.onRoom = { unsafe callback(Handle.view(handle), user) }
}

@_cdecl("smtpconn_pool_set_log_callback") @implementation
public func smtpconn_pool_set_log_callback(
  _ pool: OpaquePointer?, _ callback: smtpconn_pool_log_callback?, _ user: UnsafeMutableRawPointer?
) {
  guard let handle = unsafe PoolPointer.borrow(pool) else { return }
  guard let callback = unsafe callback else {
    handle.pool.onLog = nil
    return
  }
  handle.pool.onLog = { number, record in
    unsafe withText(of: record) { text in
      unsafe callback(
        Handle.view(handle), UInt32(truncatingIfNeeded: number), record.level.rawValue,
        record.kind.rawValue, text, record.text.count, user)
    }
  }
}

@_cdecl("smtpconn_pool_set_token_callback") @implementation
public func smtpconn_pool_set_token_callback(
  _ pool: OpaquePointer?, _ callback: smtpconn_pool_token_callback?,
  _ user: UnsafeMutableRawPointer?
) {
  guard let handle = unsafe PoolPointer.borrow(pool) else { return }
  guard let callback = unsafe callback else {
    handle.pool.onToken = nil
    return
  }
  handle.pool.onToken = { token in
    unsafe withText(of: token) { text in
      unsafe callback(Handle.view(handle), text, UInt64(clamping: token.expires ?? 0), user)
    }
  }
}
