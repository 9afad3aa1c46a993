import CSystem
import SMTPProtocol

/// Waits for descriptors, timers and tasks, and runs what is due.
///
/// One turn of the loop (`step`) waits for descriptors and serves them, then timers,
/// then tasks: what arrived before a deadline counts as in time.
///
/// A program that blocks in `run` needs only the timeout of the wait. A program that
/// polls `descriptor()` in its own event loop needs that descriptor to become readable
/// for timers and tasks too: from the first call on the timer of the system does that.
///
/// Handlers may cancel anything, close the loop or drop it: closures are kept
/// while they run, and objects are released only when the loop's own fields are
/// consistent again, since a deinit may call back.
@safe package final class EventLoop {
  /// Counted up and down by the connections.
  package var pendingOperations = 0
  package private(set) var isClosed = false
  package private(set) var isDispatching = false

  /// For reading: shared by all connections, each of which uses it in its own turn.
  package var buffer = Bytes.zeros(4_096)

  /// A read has filled the buffer, which replies seldom do.
  package func enlargeBuffer() {
    if buffer.count < Self.largestBuffer {
      buffer = Bytes.zeros(4 * buffer.count)
    }
  }

  private static let largestBuffer = 65_536

  package static func text(of errno: Int32) -> String { Errno(code: errno).text }

  package enum RunResult: Equatable {
    case idle, pending
    /// Not possible from inside a callback, in a child process, or when the loop was freed
    /// with something pending.
    case inside, foreign, closed
    /// The system cannot wait: errno.
    case failed(Int32)
  }

  /// nil when the caller says what time it is and when there is something to do.
  private let system: SystemEvents?
  private var given: Int64 = 0
  private let process = ForkMark()

  private var watches = WatchTable()
  private var timers = TimerHeap()
  private var ready: [LoopTask] = []
  /// Somebody polls the descriptor.
  private var isPolled = false
  /// When the system's timer fires; `never` when it is not armed.
  private var armed = never
  private var wasWoken = false

  /// Rounds of tasks in one turn, so that tasks which schedule each other do not
  /// starve descriptors.
  private static let rounds = 16
  private static let never = Int64.max

  /// nil when the system gives no descriptor; errno says why.
  package init?() {
    guard let system = SystemEvents() else { return nil }
    self.system = system
  }

  /// A loop without descriptors, for a connection without a socket: `turn` drives it.
  private init(withoutSystem: ()) { system = nil }

  package static func withoutSystem() -> EventLoop { EventLoop(withoutSystem: ()) }

  package var hasSystem: Bool { system != nil }

  /// The time of `Clock`; without a system that of the last turn.
  package var now: Int64 { system == nil ? given : Clock.now() }

  deinit { close() }

  /// Closes the descriptors and lets go of everything; later calls do nothing.
  package func close() {
    guard !isClosed else { return }
    isClosed = true
    system?.close()
    let dropped = (watches, timers.removeAll(), ready)
    watches = WatchTable()
    ready = []
    withExtendedLifetime(dropped) {}
  }

  /// In a forked child the set of descriptors, the timer and the wake-up are shared with
  /// the parent and must be left as they are.
  package var isForeignProcess: Bool { process.isForeign }

  // MARK: Running

  /// One turn, waiting no longer than `timeout` milliseconds, or for ever when
  /// negative. A signal or `wakeup` ends the wait.
  package func runOnce(timeout: Int) -> RunResult {
    if let obstacle { return obstacle }
    if let error = step(timeout) { return .failed(error.code) }
    wasWoken = false
    return state
  }

  /// One turn without waiting.
  package func dispatch() -> RunResult { runOnce(timeout: 0) }

  /// Turns until `keepGoing` says no (idle) or `wakeup` was called (pending).
  package func run(while keepGoing: () -> Bool) -> RunResult {
    if let obstacle { return obstacle }
    while keepGoing() {
      if isClosed { return .closed }
      if let error = step(-1) { return .failed(error.code) }
      if wasWoken, !isClosed {
        wasWoken = false
        return keepGoing() ? .pending : .idle
      }
    }
    return .idle
  }

  /// One turn of a loop without a system, when it is `time`. `serve` does what descriptors do in
  /// another loop. A time before that of an earlier turn counts as that.
  package func turn(at time: Int64, _ serve: () -> Void) -> RunResult {
    if let obstacle { return obstacle }
    given = max(given, time)
    isDispatching = true
    defer { isDispatching = false }
    serve()
    serveTimers(given)
    serveTasks()
    return state
  }

  /// Why nothing can be run.
  private var obstacle: RunResult? {
    if isDispatching { return .inside }
    if isClosed { return .closed }
    return isForeignProcess ? .foreign : nil
  }

  /// Tasks are waiting for the next turn.
  package var hasReadyTasks: Bool { !ready.isEmpty }

  private var state: RunResult {
    if isClosed { return pendingOperations > 0 ? .closed : .idle }
    return pendingOperations > 0 || hasReadyTasks ? .pending : .idle
  }

  /// Milliseconds until a turn would do something even if no descriptor becomes
  /// ready; 0 now, -1 never.
  package func timeout() -> Int {
    guard !isClosed else { return -1 }
    if hasReadyTasks { return 0 }
    guard let earliest = timers.earliest else { return -1 }
    return Int(max(earliest.deadline - Clock.now(), 0))
  }

  /// Readable whenever a turn has something to do. -1 when closed.
  package func descriptor() -> Int32 {
    guard !isClosed, let system else { return -1 }
    isPolled = true
    arm()
    return system.descriptor
  }

  /// Ends the wait of another thread. Safe in a signal handler.
  package func wakeup() {
    if !isClosed, !isForeignProcess { system?.wake() }
  }

  // MARK: Tasks and timers

  /// Runs `task` in the next turn, or in the next round of this one; once, even
  /// when scheduled several times before.
  package func schedule(_ task: LoopTask) {
    guard !isClosed, !task.isScheduled, !task.isCancelled else { return }
    task.isScheduled = true
    ready.append(task)
    armOutsideTurn()
  }

  func set(_ timer: LoopTimer, _ deadline: Int64) {
    guard !isClosed else { return }
    timers.set(timer, deadline)
    armOutsideTurn()
  }

  func clear(_ timer: LoopTimer) { timers.remove(timer) }

  /// A turn arms the system's timer once, at its end.
  private func armOutsideTurn() {
    if isPolled, !isDispatching { arm() }
  }

  /// The timer may fire too early, when what it was armed for has been
  /// cleared: that costs one empty turn, less than arming it for every change.
  private func arm() {
    let due = hasReadyTasks ? 0 : timers.earliest?.deadline ?? Self.never
    guard due < armed, !isClosed, !isForeignProcess, let system else { return }
    armed = due
    system.arm(due)
  }

  // MARK: Watches

  func add(_ watch: Watch) -> WatchTable.Key? {
    guard !isClosed, !isForeignProcess, let system else {
      csystem_set_errno(EBADF)
      return nil
    }
    let key = watches.insert(watch)
    guard system.add(watch.descriptor, watch.interest, key: key) else {
      _ = watches.remove(key)
      return nil
    }
    return key
  }

  func modify(_ watch: Watch, _ key: WatchTable.Key) {
    guard !isClosed, !isForeignProcess else { return }
    system?.modify(watch.descriptor, watch.interest, key: key)
  }

  func remove(_ watch: Watch, _ key: WatchTable.Key) {
    guard !isClosed else { return }
    // Closing the descriptor is not enough: a duplicate of it, as of the file of a
    // message, keeps the entry in the set.
    if !isForeignProcess { system?.remove(watch.descriptor) }
    _ = watches.remove(key)
  }

  // MARK: One turn

  /// Why the system fails to wait, if it does.
  private func step(_ limit: Int) -> Errno? {
    guard let system else { return Errno(code: EBADF) }
    let due = timeout()
    let wait = limit < 0 ? due : due < 0 ? limit : min(limit, due)
    let count: Int
    do throws(Errno) { count = try system.wait(wait) } catch { return error }

    // Timers are measured by the moment at which the descriptors were looked at:
    // what had arrived by then counts as in time, however long its handlers take.
    let now = Clock.now()
    isDispatching = true
    defer { isDispatching = false }
    serveDescriptors(of: system, count)
    serveTimers(now)
    serveTasks()
    if isPolled { arm() }
    return nil
  }

  private func serveDescriptors(of system: SystemEvents, _ count: Int) {
    var index = 0
    while index < count, !isClosed {
      switch system.event(index) {
      case .ready(let key, let readiness):
        if let watch = watches[key] { watch.deliver(readiness) }
      case .woken: wasWoken = true
      case .timer: armed = Self.never
      }
      index += 1
    }
  }

  private func serveTimers(_ now: Int64) {
    // Only those that were due: a timer that sets itself to now fires in the next turn.
    var budget = timers.count
    while budget > 0, let timer = timers.earliest, timer.deadline <= now {
      budget -= 1
      timers.remove(timer)
      timer.fire()
    }
  }

  private func serveTasks() {
    var round = 0
    while round < Self.rounds, hasReadyTasks {
      round += 1
      let tasks = ready
      ready = []
      for task in tasks { if !isClosed { task.run() } }
    }
  }
}
