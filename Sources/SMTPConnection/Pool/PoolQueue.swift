import SMTPTransport

/// The messages of a pool that no connection has: in the order in which they are to be sent, and
/// those that wait for the time of their next try.
package final class PoolQueue {
  /// Those that are sent again go before those that are sent for the first time.
  private var again = PoolList()
  private var new = PoolList()
  private var delayed: [PoolMessage] = []

  package init() {}

  /// That could begin.
  package var readyCount: Int { again.count + new.count }
  package var count: Int { readyCount + delayed.count }
  package var first: PoolMessage? { again.first ?? new.first }

  package func append(_ message: PoolMessage) { new.append(message) }

  package func popFirst() -> PoolMessage? { again.popFirst() ?? new.popFirst() }

  /// In their order, before all others.
  package func putBack(_ messages: [PoolMessage]) {
    for message in messages.reversed() { again.prepend(message) }
  }

  /// One to be sent again, after others like it.
  package func appendAgain(_ message: PoolMessage) { again.append(message) }

  /// `undelay` follows when it is time.
  package func delay(_ message: PoolMessage) {
    message.place = delayed.count
    delayed.append(message)
  }

  package func undelay(_ message: PoolMessage) {
    guard let last = delayed.popLast() else { return }
    if last !== message {
      delayed[message.place] = last
      last.place = message.place
    }
    message.timer?.invalidate()
    message.timer = nil
  }

  /// Takes the first one of this tag out.
  package func remove(_ tag: UInt) -> PoolMessage? {
    if let message = again.remove(tag) ?? new.remove(tag) { return message }
    for message in delayed where message.tag == tag {
      undelay(message)
      return message
    }
    return nil
  }

  /// Takes any out, in order.
  package func popAny() -> PoolMessage? {
    if let message = popFirst() { return message }
    guard let message = delayed.first else { return nil }
    undelay(message)
    return message
  }
}

/// Messages in a row, each of which knows the next.
struct PoolList {
  private(set) var first: PoolMessage?
  private var last: PoolMessage?
  private(set) var count = 0

  mutating func append(_ message: PoolMessage) {
    if let last { last.next = message } else { first = message }
    last = message
    count += 1
  }

  mutating func prepend(_ message: PoolMessage) {
    message.next = first
    first = message
    if last == nil { last = message }
    count += 1
  }

  mutating func popFirst() -> PoolMessage? {
    guard let message = first else { return nil }
    remove(message, after: nil)
    return message
  }

  mutating func remove(_ tag: UInt) -> PoolMessage? {
    var before: PoolMessage?
    var next = first
    while let message = next {
      if message.tag == tag {
        remove(message, after: before)
        return message
      }
      before = message
      next = message.next
    }
    return nil
  }

  private mutating func remove(_ message: PoolMessage, after before: PoolMessage?) {
    if let before { before.next = message.next } else { first = message.next }
    if message.next == nil { last = before }
    message.next = nil
    count -= 1
  }
}
