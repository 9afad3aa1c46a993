/// A rate: no more than so many in any period.
package struct PoolRate {
  private let period: Int64
  /// When the last ones began, in a ring.
  private var moments: [Int64]
  private var oldest = 0

  /// `most` 0: no rate.
  package init(most: Int, period: Int64) {
    self.period = period
    moments = Array(repeating: -period - 1, count: most)
  }

  /// When so many may begin. More than may begin in a period begin together, in a period of their
  /// own.
  package func moment(of count: Int) -> Int64 {
    guard !moments.isEmpty, count > 0 else { return .min }
    let last = min(count, moments.count) - 1
    // The clock has whole milliseconds: one more, so that the period has passed entirely.
    return moments[(oldest + last) % moments.count] + period + 1
  }

  package mutating func take(_ count: Int, now: Int64) {
    guard !moments.isEmpty else { return }
    for _ in 0..<min(count, moments.count) {
      moments[oldest] = now
      oldest = (oldest + 1) % moments.count
    }
  }
}

/// When another connection may be opened after some have failed.
package struct PoolBackoff {
  /// In a row.
  package private(set) var failures = 0
  /// Those that were refused because there were others count for the wait only.
  private var waits = 0
  /// The last connection that was opened has served a message, or none has failed.
  package var isCalm: Bool { waits == 0 }
  package private(set) var notBefore = Int64.min
  /// Connections with these numbers began before the last failure, and say nothing new.
  private var known = 0

  package init() {}

  /// A duration that doubles with each step, half of it to all of it.
  package static func wait(_ first: Int64, _ step: Int, most: Int64, random: UInt16) -> Int64 {
    var whole = first
    for _ in 0..<min(max(step, 0), 32) where whole < most { whole *= 2 }
    whole = min(whole, most)
    return whole - whole / 2 * Int64(random) / 65_535
  }

  package func isNews(_ number: Int) -> Bool { number > known }

  /// `opened`: connections so far. `counts`: it is one more in a row.
  package mutating func failed(
    _ settings: PoolSettings, opened: Int, counts: Bool, now: Int64, random: UInt16
  ) {
    known = opened
    notBefore =
      now
      &+ Self.wait(settings.firstBackoff, waits, most: settings.longestBackoff, random: random)
    waits += 1
    if counts { failures += 1 }
  }

  /// A connection has served a message.
  package mutating func succeeded() {
    failures = 0
    waits = 0
  }
}
