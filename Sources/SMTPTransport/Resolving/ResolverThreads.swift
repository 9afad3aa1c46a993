import CSystem
import Synchronization

/// How many threads resolve names in this process.
///
/// A name whose servers do not answer keeps its thread for half a minute, long after
/// dns_timeout has passed: getaddrinfo cannot be stopped. Without a bound every attempt to
/// reach such a name would leave one more.
///
/// One number serves all loops: the process in the upper half, for a forked child has none of
/// the threads of its parent, and the count in the lower half.
enum ResolverThreads {
  /// Enough for a program that asks for hundreds of names at a time, since most are answered
  /// within milliseconds; the stacks of so many take little memory.
  static let limit: UInt64 = 64
  /// Milliseconds until a name that found all threads busy looks again.
  static let patience: Int64 = 50

  private static let state = Atomic<UInt64>(0)
  private static let countMask: UInt64 = 0xFFFF_FFFF

  static var count: Int {
    let state = state.load(ordering: .relaxed)
    return state & ~countMask == process ? Int(truncatingIfNeeded: state & countMask) : 0
  }

  private static var process: UInt64 { UInt64(UInt32(bitPattern: getpid())) << 32 }

  /// Takes a place; false when there is none.
  static func enter() -> Bool {
    change { count in count < limit ? count &+ 1 : nil }
  }

  /// Gives it back. A child that was forked meanwhile has counted anew.
  static func leave() {
    _ = change { count in count > 0 ? count &- 1 : nil }
  }

  private static func change(_ next: (UInt64) -> UInt64?) -> Bool {
    let process = process
    var seen = state.load(ordering: .relaxed)
    while true {
      let count = seen & ~countMask == process ? seen & countMask : 0
      guard let changed = next(count) else { return false }
      let result = state.compareExchange(
        expected: seen, desired: process | changed, ordering: .relaxed)
      if result.exchanged { return true }
      seen = result.original
    }
  }
}
