import CSMTPConn
import SMTPProtocol

// What a callback shows, to be kept after it. A copy has texts of its own, so another thread may
// read it meanwhile.

@_cdecl("smtpconn_error_copy") @implementation
public func smtpconn_error_copy(_ error: OpaquePointer?) -> OpaquePointer? {
  guard let handle = unsafe Handle<ErrorHandle>.borrow(error) else { return nil }
  return unsafe Handle.make(ErrorHandle(handle.failure))
}

@_cdecl("smtpconn_error_free") @implementation
public func smtpconn_error_free(_ error: OpaquePointer?) {
  unsafe Handle<ErrorHandle>.release(error)
}

@_cdecl("smtpconn_result_copy") @implementation
public func smtpconn_result_copy(_ result: OpaquePointer?) -> OpaquePointer? {
  guard let outcome = unsafe Handle<Outcome>.borrow(result) else { return nil }
  return unsafe Handle.make(outcome.copy())
}

@_cdecl("smtpconn_result_free") @implementation
public func smtpconn_result_free(_ result: OpaquePointer?) {
  unsafe Handle<Outcome>.release(result)
}

@_cdecl("smtpconn_reply_copy") @implementation
public func smtpconn_reply_copy(_ reply: OpaquePointer?) -> OpaquePointer? {
  guard let handle = unsafe Handle<ReplyHandle>.borrow(reply) else { return nil }
  return unsafe Handle.make(ReplyHandle(handle.reply))
}

@_cdecl("smtpconn_reply_free") @implementation
public func smtpconn_reply_free(_ reply: OpaquePointer?) {
  unsafe Handle<ReplyHandle>.release(reply)
}
