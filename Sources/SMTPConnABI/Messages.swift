public import CSMTPConn
import SMTPProtocol
import SMTPTransport

/// What `smtpconn_message` points to.
final class MessageHandle {
  @safe enum Content {
    case copied([UInt8])
    case borrowed(UnsafeBufferPointer<UInt8>, Release)
    /// A reader or a descriptor: gone after the first send.
    case once(any ContentSource)
    case used
  }

  private var content: Content

  init(_ content: Content) {
    self.content = content
  }

  /// A source that stands at the beginning of the message.
  func source() throws(Failure) -> any ContentSource {
    switch content {
    case .copied(let octets):
      return BytesSource(octets)
    case .borrowed(let octets, let release):
      return unsafe BorrowedSource(octets, release)
    case .once(let source):
      return source
    case .used:
      throw Failure(.state, "the message was sent before and can be read only once")
    }
  }

  /// A send of it was started.
  func consume() {
    if case .once = content { content = .used }
  }
}

typealias MessagePointer = Handle<MessageHandle>

@_cdecl("smtpconn_message_new_copy") @implementation
public func smtpconn_message_new_copy(
  _ start: UnsafeRawPointer?, _ length: Int
) -> OpaquePointer? {
  guard let octets = unsafe cOctets(start, length) else { return nil }
  return unsafe MessagePointer.make(MessageHandle(.copied(Array(octets))))
}

@_cdecl("smtpconn_message_new_borrowed") @implementation
public func smtpconn_message_new_borrowed(
  _ start: UnsafeRawPointer?, _ length: Int, _ release: smtpconn_release_callback?,
  _ user: UnsafeMutableRawPointer?
) -> OpaquePointer? {
  guard let octets = unsafe cOctets(start, length) else { return nil }
  return unsafe MessagePointer.make(MessageHandle(.borrowed(octets, Release(release, user))))
}

@_cdecl("smtpconn_message_new_reader") @implementation
public func smtpconn_message_new_reader(
  _ read: smtpconn_read_callback?, _ release: smtpconn_release_callback?,
  _ user: UnsafeMutableRawPointer?
) -> OpaquePointer? {
  guard let read = unsafe read else { return nil }
  let source = unsafe ReaderSource(read, user, Release(release, user))
  return unsafe MessagePointer.make(MessageHandle(.once(source)))
}

@_cdecl("smtpconn_message_new_descriptor") @implementation
public func smtpconn_message_new_descriptor(_ descriptor: CInt) -> OpaquePointer? {
  guard let source = DescriptorSource(duplicating: descriptor) else { return nil }
  return unsafe MessagePointer.make(MessageHandle(.once(source)))
}

@_cdecl("smtpconn_message_free") @implementation
public func smtpconn_message_free(_ message: OpaquePointer?) {
  unsafe MessagePointer.release(message)
}
