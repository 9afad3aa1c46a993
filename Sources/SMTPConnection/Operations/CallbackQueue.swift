import SMTPProtocol
import SMTPTransport

/// The callbacks that are due, in order, and the turn in which they run.
///
/// No callback runs in the middle of a change: it becomes due here and runs at the end of the
/// turn. What the caller gave is kept until then, so its release functions run after it.
final class CallbackQueue {
  private let loop: EventLoop
  /// Whose they are, for errors.
  private let owner: StaticString
  private var due = Queue<DueCallback>()
  private var isRunning = false
  /// A callback that ran has started something.
  private var hasStarted = false
  /// Only operations call back: the connection is being freed.
  private(set) var isEnding = false
  private var turn: LoopTask?

  /// An operation counts from its start until its callback is due; a callback counts until it
  /// has run. The loop has the sum of all connections.
  private(set) var pending = 0

  /// How often callbacks that start something that ends at once are served before others
  /// get their turn.
  private static var roundsPerTurn: Int { 8 }

  init(_ loop: EventLoop, of owner: StaticString = "connection") {
    self.loop = loop
    self.owner = owner
  }

  // MARK: The turn

  /// Until `end` the turn keeps what `body` keeps.
  func onTurn(_ body: @escaping () -> Void) { turn = LoopTask(body) }

  /// There will be a turn soon.
  func wake() {
    if let turn { loop.schedule(turn) }
  }

  /// Something was started: it is written soon, and in this turn if callbacks run.
  func started() {
    if isRunning { hasStarted = true } else { wake() }
  }

  // MARK: What becomes due

  @inline(__always)
  private func count(_ difference: Int) {
    pending += difference
    loop.pendingOperations += difference
  }

  /// An operation has begun: `operationEnded` or `sendEnded` follows.
  func operationBegan() { count(1) }

  func operationEnded(_ callback: @escaping () -> Void) { due.append(.call(callback)) }

  @_optimize(speed)
  func sendEnded(_ mailing: Mailing, _ outcome: Outcome) { due.append(.sent(mailing, outcome)) }

  /// Another callback: a log line, or a question to the caller.
  func append(_ callback: @escaping () -> Void) {
    count(1)
    due.append(.call(callback))
  }

  func appendEvent(_ callback: @escaping () -> Void) {
    if !isEnding { append(callback) }
  }

  // MARK: Running

  var isEmpty: Bool { due.isEmpty }

  /// Runs callbacks, and `write` after those that have started something.
  @_optimize(speed)
  func run(_ write: () -> Void) {
    var rounds = 0
    repeat {
      hasStarted = false
      runDue()
      if hasStarted { write() }
      rounds += 1
    } while !isEmpty && rounds < Self.roundsPerTurn
    if !isEmpty { wake() }
  }

  /// Runs the callbacks that are due now. Those that become due meanwhile run in the next
  /// round, or a callback that starts and cancels an operation could extend the turn for ever.
  @_optimize(speed)
  private func runDue() {
    isRunning = true
    var rest = due.count
    while rest > 0, let callback = due.popFirst() {
      rest -= 1
      count(-1)
      switch callback {
      case .call(let body): body()
      // The call keeps the operation: what the caller has to release is released
      // after it.
      case .sent(let mailing, let outcome): withExtendedLifetime(mailing) { mailing.ended(outcome) }
      }
    }
    isRunning = false
  }

  /// An idle connection keeps little.
  func shrink() { due.shrink() }

  // MARK: The end

  /// Whether anything could be started now.
  func check() throws(Failure) {
    if isEnding { throw Failure(.state, "the \(owner.description) is being freed") }
    if loop.isClosed { throw Failure(.state, "the loop of the \(owner.description) was freed") }
    if loop.isForeignProcess {
      throw Failure(.state, "the \(owner.description) belongs to the parent process")
    }
  }

  /// From now on events are not called back.
  func refuseEvents() { isEnding = true }

  /// Runs everything that is due, and what becomes due by that. In a child process nothing runs:
  /// pending operations continue in its parent. There is no turn after this.
  func end() {
    if loop.isForeignProcess {
      while due.popFirst() != nil { count(-1) }
    }
    // Nothing can be started any more, so there is an end to it.
    while !isEmpty { runDue() }
    turn?.cancel()
    turn = nil
  }
}

/// A callback that is due.
private enum DueCallback {
  case call(() -> Void)
  case sent(Mailing, Outcome)
}
