import CSMTPConn
import SMTPProtocol

/// What `smtpconn_reply` points to.
final class ReplyHandle {
  let reply: Reply
  let lines: [[UInt8]]
  let texts = CTexts()

  init(_ reply: Reply) {
    self.reply = reply
    lines = reply.lines
  }
}

private typealias Replies = Handle<ReplyHandle>

@_cdecl("smtpconn_reply_code") @implementation
public func smtpconn_reply_code(_ reply: OpaquePointer?) -> CInt {
  CInt(truncatingIfNeeded: unsafe Replies.borrow(reply)?.reply.code ?? 0)
}

@_cdecl("smtpconn_reply_enhanced") @implementation
public func smtpconn_reply_enhanced(_ reply: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe Replies.borrow(reply) else { return nil }
  return unsafe handle.texts.hold(handle.reply.enhancedStatus)
}

@_cdecl("smtpconn_reply_response") @implementation
public func smtpconn_reply_response(_ reply: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe Replies.borrow(reply) else { return nil }
  return unsafe handle.texts.hold(handle.reply.text)
}

@_cdecl("smtpconn_reply_line_count") @implementation
public func smtpconn_reply_line_count(_ reply: OpaquePointer?) -> Int {
  unsafe Replies.borrow(reply)?.lines.count ?? 0
}

@_cdecl("smtpconn_reply_line") @implementation
public func smtpconn_reply_line(
  _ reply: OpaquePointer?, _ index: Int
) -> UnsafePointer<CChar>? {
  guard let handle = unsafe Replies.borrow(reply), handle.lines.indices.contains(index) else {
    return nil
  }
  return unsafe handle.texts.hold(handle.lines[index])
}
