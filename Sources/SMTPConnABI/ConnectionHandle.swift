import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

/// What `smtpconn` points to.
final class ConnectionHandle: KeepsLastError {
  let connection: Connection
  /// nil without a socket: there is nothing that a loop could do.
  let loop: LoopHandle?
  /// Those of the loop, if there is one.
  let records: RecordQueue
  var lastError: ErrorHandle?
  /// The caller's own.
  var user: UInt = 0
  /// Texts read since the connection was used last.
  let texts = LastCTexts()
  /// Texts that live as long as the connection.
  let lastingTexts = CTexts()

  init(_ connection: Connection, _ loop: LoopHandle?) {
    self.connection = connection
    self.loop = loop
    records = loop?.records ?? RecordQueue()
  }

  /// Starts an operation that ends in a `smtpconn_done_callback`.
  func start(
    _ callback: smtpconn_done_callback?, _ user: UnsafeMutableRawPointer?,
    _ begin: (@escaping (Failure?) -> Void) throws(Failure) -> Void
  ) -> CInt {
    texts.clear()
    return perform { () throws(Failure) in
      try begin { failure in
        guard let callback = unsafe callback else { return }
        unsafe withView(of: failure) { error in unsafe callback(Handle.view(self), error, user) }
      }
    }
  }
}

/// What an operation is found by: the `user` that it was started with.
func tag(_ user: UnsafeRawPointer?) -> UInt { UInt(bitPattern: user) }

/// Shows a failure to C for the time of a call.
func withView(of failure: Failure?, _ body: (OpaquePointer?) -> Void) {
  guard let failure else {
    body(nil)
    return
  }
  let handle = ErrorHandle(failure)
  withExtendedLifetime(handle) { unsafe body(Handle.view(handle)) }
}

typealias ConnectionPointer = Handle<ConnectionHandle>

@_cdecl("smtpconn_new") @implementation
public func smtpconn_new(_ options: OpaquePointer?, _ loop: OpaquePointer?) -> OpaquePointer? {
  let given = unsafe OptionsPointer.borrow(options)
  let values = given?.options ?? Options()
  let isValid = given?.perform { () throws(Failure) in try values.validate() } ?? 0
  guard isValid == 0, let loop = unsafe LoopPointer.borrow(loop) ?? newLoop() else { return nil }
  return unsafe ConnectionPointer.make(
    ConnectionHandle(Connection(options: values, loop: loop.loop), loop))
}

func newLoop() -> LoopHandle? { EventLoop().map { LoopHandle($0) } }

@_cdecl("smtpconn_last_error") @implementation
public func smtpconn_last_error(_ connection: OpaquePointer?) -> OpaquePointer? {
  unsafe ConnectionPointer.borrow(connection)?.lastErrorView
}

@_cdecl("smtpconn_set_user") @implementation
public func smtpconn_set_user(_ connection: OpaquePointer?, _ user: UnsafeMutableRawPointer?) {
  unsafe ConnectionPointer.borrow(connection)?.user = tag(user)
}

@_cdecl("smtpconn_user") @implementation
public func smtpconn_user(_ connection: OpaquePointer?) -> UnsafeMutableRawPointer? {
  unsafe UnsafeMutableRawPointer(
    bitPattern: ConnectionPointer.borrow(connection)?.user ?? 0)
}

@_cdecl("smtpconn_free") @implementation
public func smtpconn_free(_ connection: OpaquePointer?) {
  // A callback that runs inside may free again: the handle was released once.
  guard let handle = unsafe ConnectionPointer.borrow(connection), handle.connection.free() else {
    return
  }
  unsafe ConnectionPointer.release(connection)
}

@_cdecl("smtpconn_close") @implementation
public func smtpconn_close(_ connection: OpaquePointer?) {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return }
  handle.lastError = nil
  handle.connection.close()
}

@_cdecl("smtpconn_cancel") @implementation
public func smtpconn_cancel(_ connection: OpaquePointer?) -> CInt {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nullHandle }
  handle.lastError = nil
  handle.connection.cancel()
  return 0
}

@_cdecl("smtpconn_withdraw") @implementation
public func smtpconn_withdraw(_ connection: OpaquePointer?, _ user: UnsafeRawPointer?) -> CInt {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nullHandle }
  var isWithdrawn = false
  let result = handle.perform { () throws(Failure) in
    isWithdrawn = try handle.connection.withdraw(tag: unsafe tag(user))
  }
  return result < 0 ? result : isWithdrawn ? 1 : 0
}
