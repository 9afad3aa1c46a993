/// Interest in a descriptor, level-triggered. The loop keeps a watch until it
/// is cancelled; the descriptor must stay open until then.
package final class Watch {
  private let loop: EventLoop
  let descriptor: Int32
  private(set) var interest: Readiness
  /// Names the slot of this watch; nil once cancelled.
  private var key: WatchTable.Key?
  private var body: ((Readiness) -> Void)?

  /// nil when the system cannot watch the descriptor (EPERM for a regular file on
  /// Linux), with errno set.
  package init?(
    loop: EventLoop, descriptor: Int32, readable: Bool, writable: Bool,
    body: @escaping (Readiness) -> Void
  ) {
    self.loop = loop
    self.descriptor = descriptor
    self.interest = Watch.interest(readable, writable)
    self.body = body
    guard let key = loop.add(self) else { return nil }
    self.key = key
  }

  package func update(readable: Bool, writable: Bool) {
    let wanted = Watch.interest(readable, writable)
    guard let key, wanted != interest else { return }
    interest = wanted
    loop.modify(self, key)
  }

  /// Ends the interest and drops the closure. Harmless when repeated.
  package func cancel() {
    guard let key = key.take() else { return }
    loop.remove(self, key)
    _ = body.take()
  }

  func deliver(_ readiness: Readiness) {
    if let body { body(readiness) }
  }

  private static func interest(_ readable: Bool, _ writable: Bool) -> Readiness {
    var interest: Readiness = []
    if readable { interest.insert(.readable) }
    if writable { interest.insert(.writable) }
    return interest
  }
}

/// The watches of a loop. A key holds the number of its slot and the slot's
/// generation, so an event that was fetched before its watch was cancelled
/// never reaches the watch that took the slot afterwards.
struct WatchTable {
  typealias Key = UInt64

  private struct Slot {
    var generation: UInt32 = 0
    var watch: Watch?
  }

  private var slots: [Slot] = []
  private var vacant: [UInt32] = []

  mutating func insert(_ watch: Watch) -> Key {
    let index: UInt32
    if let reused = vacant.popLast() {
      index = reused
    } else {
      index = UInt32(truncatingIfNeeded: slots.count)
      slots.append(Slot())
    }
    slots[Int(index)].watch = watch
    return Key(slots[Int(index)].generation) << 32 | Key(index)
  }

  subscript(key: Key) -> Watch? {
    guard let index = index(of: key) else { return nil }
    return slots[index].watch
  }

  mutating func remove(_ key: Key) -> Watch? {
    guard let index = index(of: key) else { return nil }
    slots[index].generation &+= 1
    vacant.append(UInt32(truncatingIfNeeded: index))
    return slots[index].watch.take()
  }

  private func index(of key: Key) -> Int? {
    let index = Int(truncatingIfNeeded: key & 0xFFFF_FFFF)
    guard index < slots.count, UInt64(slots[index].generation) == key >> 32 else { return nil }
    return index
  }
}
