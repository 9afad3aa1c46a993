public import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

/// About the memory of a recipient until its result is known: a command, a reply, an outcome.
private let memoryOfRecipient = 1024

@inline(never)
func checkMemory(forRecipients count: Int) throws(Failure) {
  let (octets, overflow) = count.multipliedReportingOverflow(by: memoryOfRecipient)
  guard !overflow, Memory.has(octets) else {
    throw Failure(
      .envelope, "there is not enough memory to send to \(count) recipients",
      phase: .envelope, retry: .safe)
  }
}

extension ConnectionHandle {
  fileprivate func send(
    _ request: SendRequest, _ source: any ContentSource, _ callback: smtpconn_send_callback?,
    _ user: UnsafeMutableRawPointer?
  ) throws(Failure) {
    try connection.send(request, source, tag: unsafe tag(user)) { outcome in
      guard let callback = unsafe callback else { return }
      unsafe withView(of: outcome.failure) { error in
        unsafe callback(Handle.view(self), error, Handle.view(outcome), user)
      }
    }
  }
}

/// What is sent: an envelope and a message, both of which the caller must give.
func given(
  _ envelope: EnvelopeHandle?, _ message: MessageHandle?,
  _ send: (SendRequest, any ContentSource) throws(Failure) -> Void
) throws(Failure) {
  guard let request = envelope?.request else {
    throw Failure(.envelope, "the envelope is missing", phase: .envelope)
  }
  guard let message else {
    throw Failure(.message, "the message is missing", phase: .message)
  }
  try checkMemory(forRecipients: request.recipients.count)
  try send(request, message.source())
  message.consume()
}

/// The same out of memory.
func packed(
  _ envelope: EnvelopeHandle?, _ addresses: UnsafePointer<CChar>?, _ addressesLength: Int,
  _ content: UnsafeRawPointer?, _ contentLength: Int, _ borrowed: CInt,
  _ send: (SendRequest, any ContentSource) throws(Failure) -> Void
) throws(Failure) {
  var request =
    envelope?.request ?? SendRequest(from: nil, recipients: [], size: nil, use8BitMIME: nil)
  if unsafe addresses != nil || addressesLength != 0 {
    try unsafe request.readdress(cOctets(addresses, addressesLength))
  }
  try checkMemory(forRecipients: request.recipients.count)
  try unsafe send(request, source(cOctets(content, contentLength), isBorrowed: borrowed != 0))
}

@_cdecl("smtpconn_send") @implementation
public func smtpconn_send(
  _ connection: OpaquePointer?, _ envelope: OpaquePointer?, _ message: OpaquePointer?,
  _ callback: smtpconn_send_callback?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nullHandle }
  let envelope = unsafe EnvelopePointer.borrow(envelope)
  let message = unsafe MessagePointer.borrow(message)
  handle.texts.clear()
  return handle.perform { () throws(Failure) in
    try given(envelope, message) { (request, source) throws(Failure) in
      try unsafe handle.send(request, source, callback, user)
    }
  }
}

@_cdecl("smtpconn_send_packed") @implementation
public func smtpconn_send_packed(
  _ connection: OpaquePointer?, _ envelope: OpaquePointer?, _ addresses: UnsafePointer<CChar>?,
  _ addressesLength: Int, _ content: UnsafeRawPointer?, _ contentLength: Int, _ borrowed: CInt,
  _ callback: smtpconn_send_callback?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nullHandle }
  let envelope = unsafe EnvelopePointer.borrow(envelope)
  handle.texts.clear()
  return handle.perform { () throws(Failure) in
    try unsafe packed(
      envelope, addresses, addressesLength, content, contentLength, borrowed
    ) { (request, source) throws(Failure) in
      try unsafe handle.send(request, source, callback, user)
    }
  }
}

extension SendRequest {
  /// Takes the addresses out of one block: the reverse-path and the forward-paths, each with a NUL
  /// after it.
  fileprivate mutating func readdress(_ block: UnsafeBufferPointer<UInt8>?) throws(Failure) {
    guard let block = unsafe block else {
      throw Failure(
        .envelope, "the addresses are missing: NULL, and a length that is not 0", phase: .envelope)
    }
    guard unsafe block.last == 0 else {
      throw Failure(.envelope, "the addresses do not end with a NUL", phase: .envelope)
    }
    try checkMemory(forRecipients: unsafe block.count { $0 == 0 })
    removeRecipients()
    var start = 0
    for end in block.indices where unsafe block[end] == 0 {
      let text = unsafe [UInt8](block[start..<end])
      if start == 0 {
        from = try .reversePath(text[...])
      } else {
        add(Recipient(try .forwardPath(text[...])))
      }
      start = end + 1
    }
  }
}

private func source(
  _ content: UnsafeBufferPointer<UInt8>?, isBorrowed: Bool
) throws(Failure) -> any ContentSource {
  guard let content = unsafe content else {
    throw Failure(
      .message, "the content is missing: NULL, and a length that is not 0", phase: .message)
  }
  if isBorrowed { return unsafe BorrowedSource(content, nil, nil) }
  guard let copy = unsafe BytesSource.copy(content.span) else {
    throw Failure(
      .message, "there is not enough memory for a copy of the message", phase: .message,
      retry: .safe)
  }
  return copy
}
