package import SMTPProtocol

/// What has become of the messages of a pool.
package struct PoolCounts {
  /// The numbers of `enum smtpconn_pool_count`.
  package enum Kind: Int32 {
    case connections = 0
    case queued, active, sent, refused, deferred, inDoubt, failed, triesAgain, opened
    case connectionFailures, perSecond
  }

  private var numbers: [UInt64] = Array(repeating: 0, count: 12)
  /// The second that is counted, and how many ended well in it and in the one before.
  private var second: Int64 = 0
  private var now: UInt64 = 0
  private var before: UInt64 = 0

  package init() {}

  package subscript(kind: Kind) -> UInt64 { numbers[Int(kind.rawValue)] }

  package mutating func add(_ kind: Kind) { numbers[Int(kind.rawValue)] += 1 }

  package mutating func ended(_ failure: Failure?, now: Int64) {
    guard let failure else {
      add(.sent)
      turn(to: now / 1_000)
      self.now += 1
      return
    }
    let isRefusal = failure.code == .envelope || failure.code == .message
    switch failure.retry {
    case .unknown: add(.inDoubt)
    case .safe: add(isRefusal ? .deferred : .failed)
    case .no: add(isRefusal ? .refused : .failed)
    }
  }

  private mutating func turn(to next: Int64) {
    guard next != second else { return }
    before = next == second + 1 ? now : 0
    now = 0
    second = next
  }

  /// In the last whole second.
  package mutating func perSecond(now: Int64) -> UInt64 {
    turn(to: now / 1_000)
    return before
  }
}
