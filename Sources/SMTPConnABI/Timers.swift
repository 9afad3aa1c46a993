public import CSMTPConn
import SMTPProtocol
import SMTPTransport

/// What `smtpconn_timer` points to.
final class TimerHandle {
  private let loop: LoopHandle
  /// Holds this object until it is freed.
  private var timer: LoopTimer?
  private var interval: Int64 = 0
  /// It counts as pending: it runs, and will not again.
  private var isCounted = false

  static var mostOfLoop: Int { 1_000 }

  init(_ loop: LoopHandle, _ body: @escaping (TimerHandle) -> Void) {
    self.loop = loop
    loop.timers += 1
    timer = LoopTimer(loop.loop) { [self] in
      fired()
      body(self)
    }
  }

  func start(_ milliseconds: UInt32, _ interval: UInt32) -> CInt {
    guard let timer, !loop.loop.isClosed, !loop.loop.isForeignProcess else { return nullHandle }
    stop()
    self.interval = Int64(interval)
    timer.set(loop.loop.now + Int64(milliseconds))
    if interval == 0 { count(true) }
    return 0
  }

  func stop() {
    timer?.clear()
    count(false)
  }

  /// False when it was freed before, in its own callback.
  func free() -> Bool {
    stop()
    guard let timer = timer.take() else { return false }
    timer.invalidate()
    loop.timers -= 1
    return true
  }

  private func fired() {
    count(false)
    guard interval > 0, let timer else { return }
    // Those that were missed are not made up for.
    let now = loop.loop.now
    let next = timer.deadline + interval
    timer.set(next > now ? next : now + interval)
  }

  private func count(_ counts: Bool) {
    guard counts != isCounted else { return }
    isCounted = counts
    loop.loop.pendingOperations += counts ? 1 : -1
  }
}

private typealias Timers = Handle<TimerHandle>

@_cdecl("smtpconn_timer_new") @implementation
public func smtpconn_timer_new(
  _ loop: OpaquePointer?, _ callback: smtpconn_timer_callback?, _ user: UnsafeMutableRawPointer?
) -> OpaquePointer? {
  guard let loop = unsafe LoopPointer.borrow(loop), let callback = unsafe callback,
    loop.timers < TimerHandle.mostOfLoop
  else { return nil }
  return unsafe Timers.make(TimerHandle(loop) { unsafe callback(Handle.view($0), user) })
}

@_cdecl("smtpconn_timer_start") @implementation
public func smtpconn_timer_start(
  _ timer: OpaquePointer?, _ milliseconds: UInt32, _ interval: UInt32
) -> CInt {
  unsafe Timers.borrow(timer)?.start(milliseconds, interval) ?? nullHandle
}

@_cdecl("smtpconn_timer_stop") @implementation
public func smtpconn_timer_stop(_ timer: OpaquePointer?) -> CInt {
  guard let handle = unsafe Timers.borrow(timer) else { return nullHandle }
  handle.stop()
  return 0
}

@_cdecl("smtpconn_timer_free") @implementation
public func smtpconn_timer_free(_ timer: OpaquePointer?) {
  if unsafe Timers.borrow(timer)?.free() == true { unsafe Timers.release(timer) }
}
