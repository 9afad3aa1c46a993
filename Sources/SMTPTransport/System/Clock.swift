import CSystem

/// Time that never jumps: CLOCK_MONOTONIC in milliseconds.
package enum Clock {
  /// Wall-clock time, for dates.
  package static func secondsSince1970() -> Int64 {
    var now = timespec()
    return unsafe clock_gettime(CLOCK_REALTIME, &now) == 0 ? Int64(now.tv_sec) : 0
  }

  package static func now() -> Int64 {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) &* 1000 &+ Int64(time.tv_nsec) / 1_000_000
  }
}
