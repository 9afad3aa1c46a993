/// The operating system under the event loop: a level-triggered set of descriptors with a
/// timer and a wake-up in it. One file implements it for one system, and the `typealias`
/// below chooses that file when the library is compiled. Nothing else in the loop knows
/// which system it is.
///
/// A value owns its descriptors until `close`, after which nothing may be called. In a
/// forked child process only `close` may be called.
protocol EventSystem {
  /// nil when the system gives no descriptor; errno says why.
  init?()

  /// Readable whenever `wait` would return at once: another event loop can watch it.
  var descriptor: Int32 { get }

  /// `key` comes back with each event. False when the system cannot watch the descriptor,
  /// with errno set.
  func add(_ descriptor: Int32, _ interest: Readiness, key: UInt64) -> Bool
  func modify(_ descriptor: Int32, _ interest: Readiness, key: UInt64)
  /// Ends the interest even if a duplicate of the descriptor stays open.
  func remove(_ descriptor: Int32)

  /// Waits so many milliseconds for events, without limit when negative, and returns their
  /// number. A signal ends the wait without an event.
  func wait(_ milliseconds: Int) throws(Errno) -> Int
  /// One of the events that `wait` has just counted, to be taken once and in order.
  func event(_ index: Int) -> LoopEvent

  /// The timer fires once at `deadline` of `Clock`, at once when that has passed. An earlier
  /// call is forgotten.
  func arm(_ deadline: Int64)
  /// Makes an event from any thread or signal handler.
  func wake()

  func close()
}

enum LoopEvent {
  /// The key of a descriptor, and what it is ready for.
  case ready(UInt64, Readiness)
  /// `wake` was called once or more since the last such event.
  case woken
  case timer
}

/// Lets a thread tell the event loop that it is done: `descriptor` becomes readable. Each
/// system has its own: it comes with the `EventSystem`.
protocol ThreadNotice {
  init()
  /// Negative, with errno set, when the system gives none.
  var descriptor: Int32 { get }
  /// From any thread or signal handler.
  func raise()
  func close()
}

typealias SystemEvents = Epoll
typealias SystemNotice = EventDescriptor

/// What a descriptor is ready for. After `hangup` a read or write reports what
/// happened.
package struct Readiness: OptionSet {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let readable = Readiness(rawValue: 1)
  package static let writable = Readiness(rawValue: 2)
  package static let hangup = Readiness(rawValue: 4)
}
