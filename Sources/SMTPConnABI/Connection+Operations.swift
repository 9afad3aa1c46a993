public import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

// The operations except send, and running the loop.

@_cdecl("smtpconn_connect") @implementation
public func smtpconn_connect(
  _ connection: OpaquePointer?, _ callback: smtpconn_done_callback?,
  _ user: UnsafeMutableRawPointer?
) -> CInt {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nullHandle }
  return unsafe handle.start(callback, user) { (done) throws(Failure) in
    try handle.connection.connect(done)
  }
}

@_cdecl("smtpconn_login") @implementation
public func smtpconn_login(
  _ connection: OpaquePointer?, _ auth: OpaquePointer?, _ callback: smtpconn_done_callback?,
  _ user: UnsafeMutableRawPointer?
) -> CInt {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nullHandle }
  let identity = unsafe AuthPointer.borrow(auth)?.identity
  return unsafe handle.start(callback, user) { (done) throws(Failure) in
    guard let identity else {
      throw Failure(.auth, "the credentials (auth) are missing", command: "AUTH", phase: .auth)
    }
    try handle.connection.login(identity, tag: unsafe tag(user), done)
  }
}

@_cdecl("smtpconn_reset") @implementation
public func smtpconn_reset(
  _ connection: OpaquePointer?, _ callback: smtpconn_done_callback?,
  _ user: UnsafeMutableRawPointer?
) -> CInt {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nullHandle }
  return unsafe handle.start(callback, user) { (done) throws(Failure) in
    try handle.connection.perform(.reset(), tag: unsafe tag(user)) { failure, _ in done(failure) }
  }
}

@_cdecl("smtpconn_quit") @implementation
public func smtpconn_quit(
  _ connection: OpaquePointer?, _ callback: smtpconn_done_callback?,
  _ user: UnsafeMutableRawPointer?
) -> CInt {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nullHandle }
  return unsafe handle.start(callback, user) { (done) throws(Failure) in
    try handle.connection.quit(tag: unsafe tag(user), done)
  }
}

@_cdecl("smtpconn_run") @implementation
public func smtpconn_run(_ connection: OpaquePointer?) -> CInt {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nullHandle }
  let connection = handle.connection
  guard handle.loop != nil else {
    return handle.perform { () throws(Failure) in
      throw Failure(
        .state, "a connection without a socket has no loop: it runs in feed, take and tick")
    }
  }
  let result = connection.loop.run(while: { connection.pending > 0 })
  handle.lastError = failure(of: result).map { ErrorHandle($0) }
  return runResult(result)
}

@_cdecl("smtpconn_get_loop") @implementation
public func smtpconn_get_loop(_ connection: OpaquePointer?) -> OpaquePointer? {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nil }
  return unsafe handle.loop.map { unsafe Handle.view($0) }
}

@_cdecl("smtpconn_resume") @implementation
public func smtpconn_resume(_ connection: OpaquePointer?) -> CInt {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nullHandle }
  return handle.perform { () throws(Failure) in try handle.connection.resume() }
}
