public import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

// Commands with one reply.

extension ConnectionHandle {
  /// Starts an operation that ends in a `smtpconn_reply_callback`.
  fileprivate func start(
    _ callback: smtpconn_reply_callback?, _ user: UnsafeMutableRawPointer?,
    _ request: Result<CommandRequest, Failure>
  ) -> CInt {
    texts.clear()
    return perform { () throws(Failure) in
      try connection.perform(request.get(), tag: unsafe tag(user)) { failure, reply in
        guard let callback = unsafe callback else { return }
        unsafe withViews(of: failure, reply) { error, view in
          unsafe callback(Handle.view(self), error, view, user)
        }
      }
    }
  }
}

/// Shows both to C for the time of a call.
private func withViews(
  of failure: Failure?, _ reply: Reply?, _ body: (OpaquePointer?, OpaquePointer?) -> Void
) {
  unsafe withView(of: failure) { error in
    guard let reply else {
      unsafe body(error, nil)
      return
    }
    let handle = ReplyHandle(reply)
    withExtendedLifetime(handle) { unsafe body(error, Handle.view(handle)) }
  }
}

/// Starts a command with one argument.
private func start(
  _ connection: OpaquePointer?, _ callback: smtpconn_reply_callback?,
  _ user: UnsafeMutableRawPointer?, _ argument: UnsafePointer<CChar>?,
  _ request: ([UInt8]?) throws(Failure) -> CommandRequest
) -> CInt {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nullHandle }
  let argument = unsafe cBytes(argument)
  return unsafe handle.start(
    callback, user, Result { () throws(Failure) in try request(argument) })
}

@_cdecl("smtpconn_noop") @implementation
public func smtpconn_noop(
  _ connection: OpaquePointer?, _ callback: smtpconn_reply_callback?,
  _ user: UnsafeMutableRawPointer?
) -> CInt {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nullHandle }
  return unsafe handle.start(callback, user, .success(.noop()))
}

@_cdecl("smtpconn_hello") @implementation
public func smtpconn_hello(
  _ connection: OpaquePointer?, _ callback: smtpconn_reply_callback?,
  _ user: UnsafeMutableRawPointer?
) -> CInt {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nullHandle }
  return unsafe handle.start(callback, user, .success(.hello()))
}

@_cdecl("smtpconn_verify") @implementation
public func smtpconn_verify(
  _ connection: OpaquePointer?, _ text: UnsafePointer<CChar>?,
  _ callback: smtpconn_reply_callback?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  unsafe start(connection, callback, user, text) { (text) throws(Failure) in try .verify(text) }
}

@_cdecl("smtpconn_expand") @implementation
public func smtpconn_expand(
  _ connection: OpaquePointer?, _ list: UnsafePointer<CChar>?,
  _ callback: smtpconn_reply_callback?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  unsafe start(connection, callback, user, list) { (text) throws(Failure) in try .expand(text) }
}

@_cdecl("smtpconn_etrn") @implementation
public func smtpconn_etrn(
  _ connection: OpaquePointer?, _ node: UnsafePointer<CChar>?,
  _ callback: smtpconn_reply_callback?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  unsafe start(connection, callback, user, node) { (text) throws(Failure) in try .etrn(text) }
}

@_cdecl("smtpconn_command") @implementation
public func smtpconn_command(
  _ connection: OpaquePointer?, _ line: UnsafePointer<CChar>?, _ hidden: CInt,
  _ callback: smtpconn_reply_callback?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nullHandle }
  let cryptography = OpenSSLCryptography()
  let line = Secret(unsafe cBytes(line) ?? [], cryptography)
  return unsafe handle.start(
    callback, user,
    Result { () throws(Failure) in
      guard hidden == 0 || hidden == 1 else {
        throw Failure(.command, "hidden takes 0 or 1, not \(hidden)")
      }
      return try .line(line, hides: hidden == 1, cryptography)
    })
}

/// More than any server has.
private let mostAttributes = 64

/// "NAME=value" each.
private func attributes(
  _ texts: UnsafePointer<UnsafePointer<CChar>?>?, _ count: Int
) throws(Failure) -> [[UInt8]] {
  guard (0...mostAttributes).contains(count) else {
    throw Failure(.command, "there are more than \(mostAttributes) attributes")
  }
  guard let texts = unsafe texts else { return [] }
  let all = unsafe UnsafeBufferPointer(start: texts, count: count)
  return unsafe all.map { unsafe cBytes($0) ?? [] }
}

@_cdecl("smtpconn_xclient") @implementation
public func smtpconn_xclient(
  _ connection: OpaquePointer?, _ texts: UnsafePointer<UnsafePointer<CChar>?>?, _ count: Int,
  _ callback: smtpconn_reply_callback?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nullHandle }
  return unsafe handle.start(
    callback, user,
    Result { () throws(Failure) in try .xclient(unsafe attributes(texts, count)) })
}

@_cdecl("smtpconn_xforward") @implementation
public func smtpconn_xforward(
  _ connection: OpaquePointer?, _ texts: UnsafePointer<UnsafePointer<CChar>?>?, _ count: Int,
  _ callback: smtpconn_reply_callback?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nullHandle }
  return unsafe handle.start(
    callback, user,
    Result { () throws(Failure) in try .xforward(unsafe attributes(texts, count)) })
}
