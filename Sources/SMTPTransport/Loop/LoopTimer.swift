/// Calls its closure once when a deadline has passed. `set` again moves it.
package final class LoopTimer {
  private let loop: EventLoop
  private var body: (() -> Void)?
  package fileprivate(set) var deadline: Int64 = 0
  /// The index of the timer in the heap; negative outside.
  fileprivate var position = -1
  /// Equal deadlines fire in the order in which they were set.
  fileprivate var order: UInt64 = 0

  package init(_ loop: EventLoop, _ body: @escaping () -> Void) {
    self.loop = loop
    self.body = body
  }

  package var isSet: Bool { position >= 0 }

  /// Fires at `deadline` of `Clock`, at the next turn of the loop if that has
  /// passed.
  package func set(_ deadline: Int64) {
    guard body != nil else { return }
    loop.set(self, max(deadline, 0))
  }

  package func clear() { loop.clear(self) }

  /// Clears the timer and drops its closure for good.
  package func invalidate() {
    clear()
    _ = body.take()
  }

  func fire() {
    if let body { body() }
  }

  fileprivate func precedes(_ other: LoopTimer) -> Bool {
    deadline != other.deadline ? deadline < other.deadline : order < other.order
  }
}

/// A binary heap of timers, the earliest first. Each timer knows its place, so
/// that moving it needs no search.
struct TimerHeap {
  private var timers: [LoopTimer] = []
  private var counter: UInt64 = 0

  var count: Int { timers.count }
  var earliest: LoopTimer? { timers.first }

  mutating func set(_ timer: LoopTimer, _ deadline: Int64) {
    remove(timer)
    counter &+= 1
    timer.deadline = deadline
    timer.order = counter
    timer.position = timers.count
    timers.append(timer)
    rise(timer.position)
  }

  mutating func remove(_ timer: LoopTimer) {
    let hole = timer.position
    guard hole >= 0, let last = timers.popLast() else { return }
    timer.position = -1
    guard last !== timer else { return }
    place(last, hole)
    rise(hole)
    sink(last.position)
  }

  mutating func removeAll() -> [LoopTimer] {
    let all = timers
    timers = []
    for timer in all { timer.position = -1 }
    return all
  }

  private mutating func place(_ timer: LoopTimer, _ position: Int) {
    timers[position] = timer
    timer.position = position
  }

  private mutating func rise(_ start: Int) {
    let timer = timers[start]
    var position = start
    while position > 0 {
      let parent = (position - 1) / 2
      guard timer.precedes(timers[parent]) else { break }
      place(timers[parent], position)
      position = parent
    }
    place(timer, position)
  }

  private mutating func sink(_ start: Int) {
    let timer = timers[start]
    var position = start
    while true {
      var child = 2 * position + 1
      guard child < timers.count else { break }
      if child + 1 < timers.count, timers[child + 1].precedes(timers[child]) { child += 1 }
      guard timers[child].precedes(timer) else { break }
      place(timers[child], position)
      position = child
    }
    place(timer, position)
  }
}
