public import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

/// What `smtpconn_pool` points to.
final class PoolHandle: KeepsLastError {
  let pool: Pool
  let loop: LoopHandle
  var lastError: ErrorHandle?

  init(_ pool: Pool, _ loop: LoopHandle) {
    self.pool = pool
    self.loop = loop
  }
}

typealias PoolPointer = Handle<PoolHandle>

@_cdecl("smtpconn_pool_new") @implementation
public func smtpconn_pool_new(
  _ options: OpaquePointer?, _ auth: OpaquePointer?, _ loop: OpaquePointer?
) -> OpaquePointer? {
  let given = unsafe OptionsPointer.borrow(options) ?? OptionsHandle()
  let identity = unsafe AuthPointer.borrow(auth)?.identity
  guard let loop = unsafe LoopPointer.borrow(loop) ?? newLoop() else { return nil }
  let result = given.perform { () throws(Failure) in
    try Pool.check(given.options, identity)
  }
  guard result == 0 else { return nil }
  return unsafe PoolPointer.make(
    PoolHandle(Pool(given.options, identity, loop: loop.loop), loop))
}

@_cdecl("smtpconn_pool_last_error") @implementation
public func smtpconn_pool_last_error(_ pool: OpaquePointer?) -> OpaquePointer? {
  unsafe PoolPointer.borrow(pool)?.lastErrorView
}

@_cdecl("smtpconn_pool_get_loop") @implementation
public func smtpconn_pool_get_loop(_ pool: OpaquePointer?) -> OpaquePointer? {
  unsafe PoolPointer.borrow(pool).map { unsafe Handle.view($0.loop) }
}

@_cdecl("smtpconn_pool_run") @implementation
public func smtpconn_pool_run(_ pool: OpaquePointer?) -> CInt {
  guard let handle = unsafe PoolPointer.borrow(pool) else { return nullHandle }
  let pool = handle.pool
  let result = pool.loop.run(while: { pool.pending > 0 })
  handle.lastError = failure(of: result).map { ErrorHandle($0) }
  return runResult(result)
}

@_cdecl("smtpconn_pool_pause") @implementation
public func smtpconn_pool_pause(_ pool: OpaquePointer?) -> CInt {
  unsafe change(pool) { (pool) throws(Failure) in try pool.pause(true) }
}

@_cdecl("smtpconn_pool_resume") @implementation
public func smtpconn_pool_resume(_ pool: OpaquePointer?) -> CInt {
  unsafe change(pool) { (pool) throws(Failure) in try pool.pause(false) }
}

@_cdecl("smtpconn_pool_drain") @implementation
public func smtpconn_pool_drain(
  _ pool: OpaquePointer?, _ callback: smtpconn_pool_callback?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  guard let handle = unsafe PoolPointer.borrow(pool) else { return nullHandle }
  return handle.perform { () throws(Failure) in
    try handle.pool.drain {
      if let callback = unsafe callback { unsafe callback(Handle.view(handle), user) }
    }
  }
}

@_cdecl("smtpconn_pool_close") @implementation
public func smtpconn_pool_close(_ pool: OpaquePointer?) {
  guard let handle = unsafe PoolPointer.borrow(pool) else { return }
  handle.lastError = nil
  handle.pool.close()
}

@_cdecl("smtpconn_pool_free") @implementation
public func smtpconn_pool_free(_ pool: OpaquePointer?) {
  // A callback that runs inside may free again: the handle was released once.
  guard let handle = unsafe PoolPointer.borrow(pool), handle.pool.free() else { return }
  unsafe PoolPointer.release(pool)
}

@_cdecl("smtpconn_pool_count") @implementation
public func smtpconn_pool_count(_ pool: OpaquePointer?, _ which: CInt) -> UInt64 {
  guard let kind = PoolCounts.Kind(rawValue: which) else { return 0 }
  return unsafe PoolPointer.borrow(pool)?.pool.count(kind) ?? 0
}

/// For a function that changes a pool.
@inline(never)
func change(_ pool: OpaquePointer?, _ body: (Pool) throws(Failure) -> Void) -> CInt {
  guard let handle = unsafe PoolPointer.borrow(pool) else { return nullHandle }
  return handle.perform { () throws(Failure) in try body(handle.pool) }
}
