import CSystem

/// A mutex for state that several threads share. It is held for a few instructions, and
/// never while code of the caller runs.
@safe struct Lock: ~Copyable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>

  init() {
    unsafe mutex = .allocate(capacity: 1)
    // All zero, as PTHREAD_MUTEX_INITIALIZER is on Linux.
    unsafe mutex.initialize(to: pthread_mutex_t())
  }

  deinit { unsafe mutex.deallocate() }

  func locked<Value>(_ body: () -> Value) -> Value {
    _ = unsafe pthread_mutex_lock(mutex)
    defer { _ = unsafe pthread_mutex_unlock(mutex) }
    return body()
  }
}
