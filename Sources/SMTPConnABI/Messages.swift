public import CSMTPConn
import SMTPProtocol
import SMTPTransport

/// What `smtpconn_message` points to.
final class MessageHandle {
  private var content: (any ContentSource)?

  init(_ content: any ContentSource) {
    self.content = content
  }

  func source() throws(Failure) -> any ContentSource {
    guard let content else {
      throw Failure(.state, "the message was sent before and can be read only once")
    }
    return content
  }

  /// A send of it was started.
  func consume() {
    if content?.survey == nil { content = nil }
  }
}

typealias MessagePointer = Handle<MessageHandle>

@_cdecl("smtpconn_message_new_copy") @implementation
public func smtpconn_message_new_copy(
  _ start: UnsafeRawPointer?, _ length: Int
) -> OpaquePointer? {
  guard let octets = unsafe cOctets(start, length),
    let source = unsafe BytesSource.copy(octets.span)
  else { return nil }
  return unsafe MessagePointer.make(MessageHandle(source))
}

@_cdecl("smtpconn_message_new_borrowed") @implementation
public func smtpconn_message_new_borrowed(
  _ start: UnsafeRawPointer?, _ length: Int, _ release: smtpconn_release_callback?,
  _ user: UnsafeMutableRawPointer?
) -> OpaquePointer? {
  guard let octets = unsafe cOctets(start, length) else { return nil }
  return unsafe MessagePointer.make(MessageHandle(BorrowedSource(octets, release, user)))
}

@_cdecl("smtpconn_message_new_reader") @implementation
public func smtpconn_message_new_reader(
  _ read: smtpconn_read_callback?, _ release: smtpconn_release_callback?,
  _ user: UnsafeMutableRawPointer?
) -> OpaquePointer? {
  guard let read = unsafe read else { return nil }
  let source = unsafe StreamSource(CallbackReader(read, user, Release(release, user)))
  return unsafe MessagePointer.make(MessageHandle(source))
}

@_cdecl("smtpconn_message_new_descriptor") @implementation
public func smtpconn_message_new_descriptor(_ descriptor: CInt) -> OpaquePointer? {
  guard let reader = DescriptorReader(duplicating: descriptor) else { return nil }
  return unsafe MessagePointer.make(MessageHandle(StreamSource(reader)))
}

@_cdecl("smtpconn_message_free") @implementation
public func smtpconn_message_free(_ message: OpaquePointer?) {
  unsafe MessagePointer.release(message)
}
