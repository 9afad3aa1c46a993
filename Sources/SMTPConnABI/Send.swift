public import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

/// About the memory of a recipient until its result is known: a command, a reply, an outcome.
private let memoryOfRecipient = 1024

@_cdecl("smtpconn_send") @implementation
public func smtpconn_send(
  _ connection: OpaquePointer?, _ envelope: OpaquePointer?, _ message: OpaquePointer?,
  _ callback: smtpconn_send_callback?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nullHandle }
  let request = unsafe EnvelopePointer.borrow(envelope)?.request
  let message = unsafe MessagePointer.borrow(message)
  handle.texts.clear()
  return handle.perform { () throws(Failure) in
    guard let request else {
      throw Failure(.envelope, "the envelope is missing", phase: .envelope)
    }
    guard Memory.has(request.recipients.count * memoryOfRecipient) else {
      throw Failure(
        .envelope, "there is not enough memory to send to \(request.recipients.count) recipients",
        phase: .envelope, retry: .safe)
    }
    guard let message else {
      throw Failure(.message, "the message is missing", phase: .message)
    }
    try handle.connection.send(request, message.source(), tag: unsafe tag(user)) { outcome in
      guard let callback = unsafe callback else { return }
      unsafe withView(of: outcome.failure) { error in
        unsafe callback(Handle.view(handle), error, Handle.view(outcome), user)
      }
    }
    message.consume()
  }
}
