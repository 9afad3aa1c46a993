public import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

extension PoolHandle {
  fileprivate func send(
    _ request: SendRequest, _ source: any ContentSource, _ callback: smtpconn_pool_send_callback?,
    _ user: UnsafeMutableRawPointer?
  ) throws(Failure) {
    try pool.send(request, source, tag: unsafe tag(user)) { outcome in
      guard let callback = unsafe callback else { return }
      unsafe withView(of: outcome.failure) { error in
        unsafe callback(Handle.view(self), error, Handle.view(outcome), user)
      }
    }
  }
}

@_cdecl("smtpconn_pool_send") @implementation
public func smtpconn_pool_send(
  _ pool: OpaquePointer?, _ envelope: OpaquePointer?, _ message: OpaquePointer?,
  _ callback: smtpconn_pool_send_callback?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  guard let handle = unsafe PoolPointer.borrow(pool) else { return nullHandle }
  let envelope = unsafe EnvelopePointer.borrow(envelope)
  let message = unsafe MessagePointer.borrow(message)
  return handle.perform { () throws(Failure) in
    try given(envelope, message) { (request, source) throws(Failure) in
      try unsafe handle.send(request, source, callback, user)
    }
  }
}

@_cdecl("smtpconn_pool_send_packed") @implementation
public func smtpconn_pool_send_packed(
  _ pool: OpaquePointer?, _ envelope: OpaquePointer?, _ addresses: UnsafePointer<CChar>?,
  _ addressesLength: Int, _ content: UnsafeRawPointer?, _ contentLength: Int, _ borrowed: CInt,
  _ callback: smtpconn_pool_send_callback?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  guard let handle = unsafe PoolPointer.borrow(pool) else { return nullHandle }
  let envelope = unsafe EnvelopePointer.borrow(envelope)
  return handle.perform { () throws(Failure) in
    try unsafe packed(
      envelope, addresses, addressesLength, content, contentLength, borrowed
    ) { (request, source) throws(Failure) in
      try unsafe handle.send(request, source, callback, user)
    }
  }
}

@_cdecl("smtpconn_pool_withdraw") @implementation
public func smtpconn_pool_withdraw(_ pool: OpaquePointer?, _ user: UnsafeRawPointer?) -> CInt {
  var isWithdrawn = false
  let result = unsafe change(pool) { (pool) throws(Failure) in
    isWithdrawn = try pool.withdraw(tag: unsafe tag(user))
  }
  return result < 0 ? result : isWithdrawn ? 1 : 0
}
