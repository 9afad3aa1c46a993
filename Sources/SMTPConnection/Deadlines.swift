import SMTPProtocol
import SMTPTransport

/// The time limits of one connection: the moments that they count from, what the peer has taken
/// of what was written, and one timer, which is set to the earliest limit that applies.
final class Deadlines {
  /// What the connection waits for.
  enum Waiting {
    /// Nothing: before `connect`, and after the end.
    case nothing
    /// A name is resolved, or addresses are connected to: `Resolver` and `Connector` have timers
    /// of their own.
    case opening
    /// Of TLS, or with a proxy. `isReplaceable`: there is another address, which may be better than
    /// a server that sends nothing.
    case handshake(isReplaceable: Bool)
    /// `sent`: how much the channel has sent so far.
    case dialogue(Session.Expectation, sent: Int)
  }

  /// One reading of the clock serves a whole turn.
  private(set) var now: Int64 = 0

  private(set) var timings = Timings()

  private let limits: Limits
  /// Has the time of the caller; nil when the system has the time.
  private let clock: EventLoop?
  private var timer: LoopTimer?
  private var acknowledgement = Acknowledgement()

  /// The first address was tried, or STARTTLS accepted.
  private var connecting: Int64 = 0
  /// The channel was open, or TLS was up, and the greeting was due.
  private var greeting: Int64 = 0
  private var lastActivity: Int64 = 0
  /// A command was written or a reply read.
  private var lastExchange: Int64 = 0
  /// The operation under way began.
  private var operation: Int64 = 0

  init(_ limits: Limits, clock: EventLoop? = nil) {
    self.limits = limits
    self.clock = clock?.hasSystem == false ? clock : nil
  }

  private var time: Int64 { clock?.now ?? Clock.now() }

  /// `onTime` is called by the loop; `passed` says then which limit it is, if it is one.
  func startTimer(on loop: EventLoop, _ onTime: @escaping () -> Void) {
    timer = LoopTimer(loop, onTime)
  }

  // MARK: What happens

  func update(_ time: Int64? = nil) { now = time ?? self.time }

  func operationBegan() { operation = now }

  /// The connection, or a login, begins now.
  func partBegan() { timings.begin(at: now) }

  func partEnded(_ part: Timings.Part) { timings.end(part, at: now) }

  /// The connection failed before it was open.
  func partFailed(in phase: Phase) {
    if let part = Timings.Part(phase) { partEnded(part) }
  }

  func messageEnded(_ outcome: Outcome) { timings.add(outcome) }

  func connectingBegan() { connecting = now }

  /// The address in use is given up before its greeting: the wait for that is no part of
  /// connecting.
  func greetingMissed() { connecting += now - greeting }

  func channelOpened() {
    greeting = now
    acknowledgement = Acknowledgement()
    dialogueContinued()
  }

  /// After a time in which nothing was due.
  func dialogueContinued() {
    lastActivity = now
    lastExchange = now
  }

  /// `isGreetingDue`: TLS came before the dialogue, else in the middle of it.
  func secured(isGreetingDue: Bool) {
    lastActivity = now
    if isGreetingDue { greeting = now } else { lastExchange = now }
  }

  /// Octets were read or written, or work was done.
  func activity() { lastActivity = now }

  func replyArrived() { lastExchange = now }

  /// What the next reply answers has left as far as this.
  func asked(sent: Int) {
    lastExchange = now
    acknowledgement.owed = sent
  }

  /// Callbacks have run: the time that they took counts for no limit but that of the operation.
  func callbacksEnded(_ time: Int64? = nil) {
    let time = time ?? self.time
    let spent = time - now
    now = time
    lastActivity += spent
    lastExchange += spent
    greeting += spent
  }

  /// The source of a message was read from `start` until now, which may have taken its time.
  func sourceRead(since start: Int64, _ time: Int64? = nil) {
    let time = time ?? self.time
    now = time
    lastActivity += time - start
  }

  // MARK: Limits

  /// The moment at which `limit` passes.
  func deadline(of limit: Limit) -> Int64 { start(of: limit) + Int64(limits[limit]) }

  func isOver(_ limit: Limit) -> Bool { now >= deadline(of: limit) }

  private func start(of limit: Limit) -> Int64 {
    switch limit {
    case .dns: now
    case .connection: connecting
    case .greeting: greeting
    case .socket: lastActivity
    case .command, .finalReply, .quit: lastExchange
    case .operation: operation
    }
  }

  /// The limit of what the session expects. What depends on the driver or on the caller has none,
  /// and content that leaves has that of the socket alone.
  private static func limit(of expectation: Session.Expectation) -> Limit? {
    switch expectation {
    case .greeting: .greeting
    case .reply: .command
    case .chunkReply, .finalReply: .finalReply
    case .farewell: .quit
    case .nothing, .content, .departure, .end: nil
    }
  }

  /// The earliest limit that applies.
  func next(for waiting: Waiting, isOperating: Bool) -> (limit: Limit, deadline: Int64)? {
    var next: (limit: Limit, deadline: Int64)?
    func consider(_ limit: Limit) {
      let deadline = deadline(of: limit)
      if deadline < next?.deadline ?? .max { next = (limit, deadline) }
    }
    switch waiting {
    case .nothing:
      return nil
    case .opening:
      break
    case .handshake(let isReplaceable):
      consider(.connection)
      if isReplaceable { consider(.greeting) }
    case .dialogue(let expectation, _):
      consider(.socket)
      if let limit = Self.limit(of: expectation) { consider(limit) }
    }
    if isOperating { consider(.operation) }
    return next
  }

  func failure(of limit: Limit, _ waiting: Waiting, phase: Phase, command: String) -> Failure {
    var explanation = limit.explanation
    if phase == .proxy {
      explanation = "the proxy did not connect to the server"
    } else if limit == .greeting, case .handshake = waiting {
      explanation = "the TLS handshake was not over"
    }
    return Failure(
      .timedOut, "\(explanation) within \(limits[limit]) ms (\(limit.optionName))",
      command: command, phase: phase, retry: .safe, kind: limit.kind)
  }

  // MARK: The timer

  func setTimer(for waiting: Waiting, isOperating: Bool) {
    guard let timer else { return }
    guard let next = next(for: waiting, isOperating: isOperating) else {
      timer.clear()
      return
    }
    let deadline = min(next.deadline, nextLook(waiting) ?? .max)
    // One that fires too early finds out, and is set again: less than moving it with
    // every reply.
    if !timer.isSet || deadline < timer.deadline { timer.set(deadline) }
  }

  /// The limit that has passed when the timer fires. `unsent`: how much of what was sent the peer
  /// has not acknowledged; nil when nobody can tell.
  func passed(
    _ waiting: Waiting, isOperating: Bool, unsent: () -> Int?
  ) -> Limit? {
    look(waiting, unsent)
    guard let next = next(for: waiting, isOperating: isOperating), next.deadline <= now else {
      return nil
    }
    return next.limit
  }

  func clearTimer() { timer?.clear() }

  /// Nothing is called any more.
  func end() {
    timer?.invalidate()
    timer = nil
  }

  // MARK: What the peer takes

  /// How much was sent, if what the peer takes of it moves a limit. It does not move that of QUIT,
  /// which begins when it is written, and only then: nothing depends on the reply. Before the
  /// greeting there is nothing that it could move.
  private func watched(_ waiting: Waiting) -> (expectation: Session.Expectation, sent: Int)? {
    guard case .dialogue(let expectation, let sent) = waiting, expectation != .farewell,
      expectation != .greeting, acknowledgement.isWorthALook(sent: sent)
    else { return nil }
    return (expectation, sent)
  }

  /// When to ask the system again how much the peer has acknowledged.
  func nextLook(_ waiting: Waiting) -> Int64? {
    guard let watched = watched(waiting) else { return nil }
    var (shortest, start) = (limits[.socket], lastActivity)
    if let limit = Self.limit(of: watched.expectation) {
      shortest = min(shortest, limits[limit])
      start = min(start, self.start(of: limit))
    } else if watched.expectation == .content || watched.expectation == .departure {
      // The final reply is next, and its limit begins when the peer has taken the content.
      shortest = min(shortest, limits[.finalReply])
    }
    return max(start, acknowledgement.looked)
      + Int64(max(1, shortest / Acknowledgement.looksPerLimit))
  }

  private func look(_ waiting: Waiting, _ unsent: () -> Int?) {
    guard let watched = watched(waiting) else { return }
    switch acknowledgement.look(sent: watched.sent, unsent: unsent(), now: now) {
    case .nothing: return
    case .activity: break
    case .reading: lastExchange = now
    }
    lastActivity = now
  }
}
