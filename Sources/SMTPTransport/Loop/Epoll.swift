import CSystem

/// Linux: an epoll set with a timerfd and an eventfd in it.
@safe struct Epoll: EventSystem {
  let descriptor: Int32
  private let alarm: Int32
  private let wakeup: EventDescriptor
  private let events: UnsafeMutablePointer<epoll_event>

  /// Events fetched with one system call.
  private static let batchSize = 64
  /// Keys that no descriptor has: those of the loop have smaller numbers.
  private static let wakeKey = UInt64.max
  private static let alarmKey = UInt64.max - 1

  init?() {
    descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
    wakeup = EventDescriptor()
    alarm = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_CLOEXEC) | Int32(TFD_NONBLOCK))
    unsafe events = .allocate(capacity: Self.batchSize)
    guard descriptor >= 0, wakeup.descriptor >= 0, alarm >= 0,
      add(wakeup.descriptor, .readable, key: Self.wakeKey),
      add(alarm, .readable, key: Self.alarmKey)
    else {
      let error = Errno.current
      close()
      csystem_set_errno(error.code)
      return nil
    }
  }

  func close() {
    System.close(descriptor)
    System.close(alarm)
    wakeup.close()
    unsafe events.deallocate()
  }

  func add(_ descriptor: Int32, _ interest: Readiness, key: UInt64) -> Bool {
    control(EPOLL_CTL_ADD, descriptor, interest, key) == 0
  }

  func modify(_ descriptor: Int32, _ interest: Readiness, key: UInt64) {
    _ = control(EPOLL_CTL_MOD, descriptor, interest, key)
  }

  func remove(_ descriptor: Int32) {
    _ = control(EPOLL_CTL_DEL, descriptor, [], 0)
  }

  private func control(
    _ operation: Int32, _ descriptor: Int32, _ interest: Readiness, _ key: UInt64
  ) -> Int32 {
    var wanted: UInt32 = 0
    if interest.contains(.readable) { wanted |= EPOLLIN.rawValue }
    if interest.contains(.writable) { wanted |= EPOLLOUT.rawValue }
    var event = unsafe epoll_event(events: wanted, data: epoll_data_t(u64: key))
    return unsafe epoll_ctl(self.descriptor, operation, descriptor, &event)
  }

  func wait(_ milliseconds: Int) throws(Errno) -> Int {
    let limit = Int32(clamping: max(milliseconds, -1))
    let count = unsafe epoll_wait(descriptor, events, Int32(Self.batchSize), limit)
    if count >= 0 { return Int(count) }
    let error = Errno.current
    if error.code == EINTR { return 0 }
    throw error
  }

  func event(_ index: Int) -> LoopEvent {
    let key = unsafe events[index].data.u64
    switch key {
    case Self.wakeKey:
      wakeup.clear()
      return .woken
    case Self.alarmKey:
      EventDescriptor.clear(alarm)
      return .timer
    default:
      return unsafe .ready(key, readiness(events[index].events))
    }
  }

  private func readiness(_ events: UInt32) -> Readiness {
    var readiness: Readiness = []
    if events & EPOLLIN.rawValue != 0 { readiness.insert(.readable) }
    if events & EPOLLOUT.rawValue != 0 { readiness.insert(.writable) }
    if events & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 { readiness.insert(.hangup) }
    return readiness
  }

  func arm(_ deadline: Int64) {
    var when = itimerspec()
    // All zero would disarm it.
    when.it_value.tv_nsec = 1
    if deadline > 0 {
      when.it_value.tv_sec = Int(deadline / 1000)
      when.it_value.tv_nsec += Int(deadline % 1000) * 1_000_000
    }
    _ = unsafe timerfd_settime(alarm, Int32(TFD_TIMER_ABSTIME), &when, nil)
  }

  func wake() { wakeup.raise() }
}

/// An eventfd.
struct EventDescriptor: ThreadNotice {
  let descriptor: Int32

  init() { descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK)) }

  func raise() {
    var one: UInt64 = 1
    _ = unsafe write(descriptor, &one, MemoryLayout<UInt64>.size)
  }

  func clear() { Self.clear(descriptor) }

  /// A timerfd is read in the same way.
  static func clear(_ descriptor: Int32) {
    var counter: UInt64 = 0
    _ = unsafe read(descriptor, &counter, MemoryLayout<UInt64>.size)
  }

  func close() { System.close(descriptor) }
}
