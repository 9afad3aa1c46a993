import CSMTPConn
import SMTPProtocol
import SMTPTransport

/// What `smtpconn_loop` points to.
final class LoopHandle {
  let loop: EventLoop
  /// Of all its connections.
  let records = RecordQueue()
  /// How many there are.
  var timers = 0

  init(_ loop: EventLoop) {
    self.loop = loop
  }
}

typealias LoopPointer = Handle<LoopHandle>

/// The result of a run for C.
func runResult(_ result: EventLoop.RunResult) -> CInt {
  if let failure = failure(of: result) { return failure.code.rawValue }
  return result == .pending ? 1 : 0
}

/// Why the loop did not run, or stopped.
func failure(of result: EventLoop.RunResult) -> Failure? {
  switch result {
  case .idle, .pending:
    return nil
  case .inside:
    return Failure(.state, "run cannot be called from inside a callback")
  case .foreign:
    return Failure(.state, "the loop belongs to the parent process")
  case .closed:
    return Failure(.state, "the loop of the connection was freed")
  case .failed(let errno):
    var failure = Failure(.socket, "the loop cannot wait: \(EventLoop.text(of: errno))")
    failure.errno = errno
    return failure
  }
}

@_cdecl("smtpconn_loop_new") @implementation
public func smtpconn_loop_new() -> OpaquePointer? {
  guard let loop = EventLoop() else { return nil }
  return unsafe LoopPointer.make(LoopHandle(loop))
}

@_cdecl("smtpconn_loop_free") @implementation
public func smtpconn_loop_free(_ loop: OpaquePointer?) {
  let handle = unsafe LoopPointer.borrow(loop)
  handle?.records.removeAll()
  handle?.loop.close()
  unsafe LoopPointer.release(loop)
}

@_cdecl("smtpconn_loop_run") @implementation
public func smtpconn_loop_run(_ loop: OpaquePointer?) -> CInt {
  guard let loop = unsafe LoopPointer.borrow(loop)?.loop else { return nullHandle }
  return runResult(loop.run(while: { loop.pendingOperations > 0 }))
}

@_cdecl("smtpconn_loop_run_once") @implementation
public func smtpconn_loop_run_once(_ loop: OpaquePointer?, _ timeout: CInt) -> CInt {
  guard let loop = unsafe LoopPointer.borrow(loop)?.loop else { return nullHandle }
  return runResult(loop.runOnce(timeout: Int(timeout)))
}

@_cdecl("smtpconn_loop_fd") @implementation
public func smtpconn_loop_fd(_ loop: OpaquePointer?) -> CInt {
  unsafe LoopPointer.borrow(loop)?.loop.descriptor() ?? -1
}

@_cdecl("smtpconn_loop_dispatch") @implementation
public func smtpconn_loop_dispatch(_ loop: OpaquePointer?) -> CInt {
  guard let loop = unsafe LoopPointer.borrow(loop)?.loop else { return nullHandle }
  return runResult(loop.dispatch())
}

@_cdecl("smtpconn_loop_timeout") @implementation
public func smtpconn_loop_timeout(_ loop: OpaquePointer?) -> CInt {
  guard let loop = unsafe LoopPointer.borrow(loop)?.loop else { return -1 }
  return CInt(clamping: loop.timeout())
}

@_cdecl("smtpconn_loop_wakeup") @implementation
public func smtpconn_loop_wakeup(_ loop: OpaquePointer?) -> CInt {
  guard let loop = unsafe LoopPointer.borrow(loop)?.loop else { return nullHandle }
  loop.wakeup()
  return 0
}
