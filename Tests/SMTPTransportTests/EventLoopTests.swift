import CSystem
import Testing

@testable import SMTPTransport

@Suite struct EventLoopTests {
  let loop: EventLoop

  init() throws { loop = try #require(EventLoop()) }

  @Test func tasksRunInOrderAndOnce() {
    var order: [Int] = []
    let first = LoopTask { order.append(1) }
    let second = LoopTask { order.append(2) }
    loop.schedule(first)
    loop.schedule(second)
    loop.schedule(first)
    #expect(order == [])
    #expect(loop.timeout() == 0)
    #expect(loop.dispatch() == .idle)
    #expect(order == [1, 2])
    #expect(!first.isScheduled)
  }

  @Test func nestedTasksRunInTheSameTurnButNotForEver() throws {
    var count = 0
    var task: LoopTask?
    task = LoopTask { [loop] in
      count += 1
      if let task { loop.schedule(task) }
    }
    loop.schedule(try #require(task))
    #expect(loop.dispatch() == .pending)
    #expect(count > 1 && count < 100)
    task?.cancel()
    let before = count
    #expect(loop.dispatch() == .idle)
    #expect(count == before)
  }

  @Test func timersFireInOrderOfDeadline() {
    var order: [Int] = []
    let now = Clock.now()
    var timers: [LoopTimer] = []
    for number in [5, 3, 9, 1, 7, 2, 8, 4, 6, 0] {
      let timer = LoopTimer(loop) { order.append(number) }
      timer.set(now - 100 + Int64(number))
      timers.append(timer)
    }
    timers[3].clear()
    timers[0].set(now - 200)
    timers[2].invalidate()
    timers[2].set(now - 300)
    #expect(loop.dispatch() == .idle)
    #expect(order == [5, 0, 2, 3, 4, 6, 7, 8])
    #expect(loop.timeout() == -1)
  }

  @Test func equalDeadlinesFireInOrderOfSetting() {
    var order: [Int] = []
    let timers = (0..<20).map { number in LoopTimer(loop) { order.append(number) } }
    for timer in timers { timer.set(1) }
    _ = loop.dispatch()
    #expect(order == Array(0..<20))
  }

  @Test func timerThatSetsItselfToNowDoesNotHoldTheLoop() throws {
    var count = 0
    var timer: LoopTimer?
    timer = LoopTimer(loop) {
      count += 1
      timer?.set(0)
    }
    timer?.set(0)
    _ = loop.dispatch()
    #expect(count == 1)
    timer?.invalidate()
  }

  @Test func runWaitsForTimer() {
    var fired = false
    let timer = LoopTimer(loop) { fired = true }
    timer.set(Clock.now() + 5)
    #expect(loop.run { !fired } == .idle)
    #expect(fired)
  }

  @Test func handlersMayCancelEachOther() throws {
    let pipes = [try #require(Pipe()), try #require(Pipe())]
    var watches: [Watch] = []
    var calls = 0
    for pipe in pipes {
      pipe.write("x")
      let watch = Watch(loop: loop, descriptor: pipe.reader, readable: true, writable: false) { _ in
        calls += 1
        for watch in watches { watch.cancel() }
      }
      watches.append(try #require(watch))
    }
    _ = loop.dispatch()
    #expect(calls == 1)
    _ = loop.dispatch()
    #expect(calls == 1)
  }

  @Test func staleEventDoesNotReachTheNextWatch() throws {
    let pipes = [try #require(Pipe()), try #require(Pipe())]
    let third = try #require(Pipe())
    var watches: [Watch] = []
    var wrong = 0
    for pipe in pipes {
      pipe.write("x")
      let watch = Watch(loop: loop, descriptor: pipe.reader, readable: true, writable: false) {
        [loop] _ in
        for watch in watches { watch.cancel() }
        watches = []
        // Takes the slots that have just become free.
        for _ in 0..<2 {
          if let watch = Watch(
            loop: loop, descriptor: third.reader, readable: true, writable: false,
            body: { _ in wrong += 1 })
          {
            watches.append(watch)
          }
        }
      }
      watches.append(try #require(watch))
    }
    _ = loop.dispatch()
    #expect(wrong == 0)
    for watch in watches { watch.cancel() }
  }

  @Test func handlerMayCloseTheLoop() throws {
    let pipe = try #require(Pipe())
    pipe.write("x")
    var ran = false
    let task = LoopTask { ran = true }
    let watch = Watch(loop: loop, descriptor: pipe.reader, readable: true, writable: false) {
      [loop] _ in
      loop.schedule(task)
      loop.close()
    }
    _ = try #require(watch)
    #expect(loop.run { true } == .closed)
    #expect(loop.isClosed)
    #expect(!ran)
    #expect(loop.dispatch() == .closed)
    #expect(loop.descriptor() == -1)
    watch?.cancel()
  }

  @Test func regularFilesAreRefused() throws {
    let file = openForReading("/etc/passwd")
    try #require(file >= 0)
    defer { System.close(file) }
    let watch = Watch(loop: loop, descriptor: file, readable: true, writable: false) { _ in }
    let code = csystem_errno()
    #expect(watch == nil)
    #expect(code == EPERM)
  }

  @Test func wakeupEndsRunAndRunOnce() {
    loop.wakeup()
    #expect(loop.run { true } == .pending)
    loop.wakeup()
    #expect(loop.runOnce(timeout: -1) == .idle)
    loop.pendingOperations = 1
    #expect(loop.runOnce(timeout: 0) == .pending)
    loop.pendingOperations = 0
  }

  /// Each wake-up ends one wait.
  @Test func wakeupOfRunOnceDoesNotEndTheNextRun() throws {
    loop.wakeup()
    _ = loop.runOnce(timeout: -1)
    // Always something to do, so that each turn ends at once.
    let pipe = try #require(Pipe())
    pipe.write("x")
    let watch = Watch(loop: loop, descriptor: pipe.reader, readable: true, writable: false) { _ in }
    var turns = 0
    let result = loop.run {
      turns += 1
      return turns < 10
    }
    #expect(result == .idle)
    #expect(turns == 10)
    watch?.cancel()
  }

  @Test func descriptorTellsOfOneTimerAfterTheOther() {
    let descriptor = loop.descriptor()
    var count: Int32 = 0
    let timer = LoopTimer(loop) { count += 1 }
    for round in Int32(1)...3 {
      timer.set(Clock.now() + 2)
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      while count < round {
        guard unsafe poll(&entry, 1, 20_000) == 1 else {
          Issue.record("the descriptor says nothing of timer \(round)")
          return
        }
        _ = loop.dispatch()
      }
    }
  }

  /// A program that polls the descriptor misses none, even of those set inside a turn.
  @Test func theDescriptorBecomesReadableForEachTimer() throws {
    let descriptor = loop.descriptor()
    var fired = 0
    var timer: LoopTimer?
    timer = LoopTimer(loop) {
      fired += 1
      if fired < 3 { timer?.set(Clock.now() + 5) }
    }
    timer?.set(Clock.now() + 5)
    while fired < 3 {
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      try #require(unsafe poll(&entry, 1, 10_000) == 1)
      _ = loop.dispatch()
    }
    timer?.invalidate()
  }

  @Test func wakeupFromAnotherThread() {
    nonisolated(unsafe) let shared = loop
    let thread = Task.detached { unsafe shared.wakeup() }
    #expect(loop.run { true } == .pending)
    thread.cancel()
  }

  @Test func runningFromInsideIsMisuse() {
    var results: [EventLoop.RunResult] = []
    let task = LoopTask { [loop] in
      results = [loop.dispatch(), loop.run { false }, loop.runOnce(timeout: 0)]
    }
    loop.schedule(task)
    _ = loop.dispatch()
    #expect(results == [.inside, .inside, .inside])
    #expect(!loop.isDispatching)
  }

  @Test func descriptorTellsOfTimersTasksAndWakeups() throws {
    let descriptor = loop.descriptor()
    #expect(!isReadable(descriptor))

    var count = 0
    let timer = LoopTimer(loop) { count += 1 }
    timer.set(Clock.now() - 1)
    #expect(isReadable(descriptor))
    _ = loop.dispatch()
    #expect(count == 1)
    #expect(!isReadable(descriptor))

    let task = LoopTask { count += 1 }
    loop.schedule(task)
    #expect(isReadable(descriptor))
    _ = loop.dispatch()
    #expect(count == 2)
    #expect(!isReadable(descriptor))

    loop.wakeup()
    #expect(isReadable(descriptor))
    _ = loop.dispatch()
    #expect(!isReadable(descriptor))

    let pipe = try #require(Pipe())
    let watch = Watch(loop: loop, descriptor: pipe.reader, readable: true, writable: false) { _ in
      count += 1
    }
    pipe.write("x")
    #expect(isReadable(descriptor))
    _ = loop.dispatch()
    #expect(count == 3)
    watch?.cancel()
    #expect(!isReadable(descriptor))
  }

  @Test func descriptorTellsOfWhatWasScheduledBefore() {
    let task = LoopTask {}
    loop.schedule(task)
    let descriptor = loop.descriptor()
    #expect(isReadable(descriptor))
  }

  @Test func clearedTimerLeavesOneEmptyTurnAtMost() {
    let descriptor = loop.descriptor()
    var fired = false
    let early = LoopTimer(loop) { fired = true }
    early.set(Clock.now() - 1)
    early.clear()
    #expect(loop.dispatch() == .idle)
    #expect(!fired)
    #expect(!isReadable(descriptor))
  }

  /// A forked child has the same epoll set, timer and wake-up as its parent.
  @Test func aChildProcessChangesNothingOfItsParents() throws {
    let descriptor = loop.descriptor()
    let (watched, other) = (try #require(Pipe()), try #require(Pipe()))
    var deliveries = 0
    let watch = try #require(
      Watch(loop: loop, descriptor: watched.reader, readable: true, writable: false) { _ in
        deliveries += 1
      })
    other.write("x")
    let child = try #require(fork())
    if child == 0 {
      watch.update(readable: false, writable: false)
      let added = Watch(
        loop: loop, descriptor: other.reader, readable: true, writable: false
      ) { _ in }
      loop.wakeup()
      LoopTimer(loop) {}.set(0)
      loop.schedule(LoopTask {})
      watch.cancel()
      loop.close()
      _exit(added == nil ? 0 : 1)
    }
    #expect(status(of: child) == 0)
    #expect(!isReadable(descriptor))
    watched.write("x")
    #expect(isReadable(descriptor))
    _ = loop.dispatch()
    #expect(deliveries == 1)
    watch.cancel()
  }

  @Test func heapKeepsItsOrderUnderRandomChanges() {
    var generator = SystemRandomNumberGenerator()
    var fired: [Int64] = []
    var timers: [LoopTimer] = []
    for _ in 0..<200 {
      var timer: LoopTimer?
      timer = LoopTimer(loop) { fired.append(timer?.deadline ?? -1) }
      if let timer { timers.append(timer) }
    }
    for _ in 0..<2000 {
      let timer = timers[Int.random(in: 0..<200, using: &generator)]
      if Int.random(in: 0..<3, using: &generator) == 0 {
        timer.clear()
      } else {
        timer.set(Int64.random(in: 1...1000, using: &generator))
      }
    }
    let expected = timers.filter { $0.isSet }.map { $0.deadline }.sorted()
    _ = loop.dispatch()
    #expect(fired == expected)
    for timer in timers { timer.invalidate() }
  }
}

/// A pipe that closes itself.
final class Pipe {
  let reader: Int32
  private(set) var writer: Int32

  init?() {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { return nil }
    reader = ends[0]
    writer = ends[1]
  }

  deinit {
    System.close(reader)
    System.close(writer)
  }

  func write(_ text: String) {
    let octets = bytes(text)
    _ = unsafe CSystem.write(writer, octets, octets.count)
  }

  func finish() {
    System.close(writer)
    writer = -1
  }
}
