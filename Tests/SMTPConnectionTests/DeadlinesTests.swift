import SMTPProtocol
import SMTPTransport
import Testing

@testable import SMTPConnection

/// Which limit applies, and from when it counts. Nothing here waits: the time is given.
@Suite struct DeadlinesTests {
  private let deadlines: Deadlines
  private let limits: Limits

  init() {
    var limits = Limits()
    for limit in Limit.allCases { limits[limit] = UInt32(1000 * (limit.rawValue + 1)) }
    self.limits = limits
    deadlines = Deadlines(limits)
    deadlines.update(start)
    deadlines.operationBegan()
    deadlines.connectingBegan()
    deadlines.channelOpened()
  }

  private let start: Int64 = 1_000_000

  private func next(
    _ waiting: Deadlines.Waiting, isOperating: Bool = false
  ) -> Limit? {
    deadlines.next(for: waiting, isOperating: isOperating)?.limit
  }

  private func passed(
    _ expectation: Session.Expectation, sent: Int = 0, unsent: Int? = nil
  ) -> Limit? {
    deadlines.passed(.dialogue(expectation, sent: sent), isOperating: false) { unsent }
  }

  // MARK: Which limit

  @Test(arguments: [
    (Session.Expectation.greeting, Limit.greeting), (.reply, .command),
    (.finalReply, .finalReply), (.chunkReply, .finalReply), (.farewell, .quit),
    (.nothing, .socket), (.content, .socket), (.departure, .socket), (.end, .socket),
  ])
  func `each expectation has its limit`(_ expectation: Session.Expectation, _ limit: Limit) {
    var limits = Limits()
    limits[.socket] = Limits.longest
    let deadlines = Deadlines(limits)
    #expect(
      deadlines.next(for: .dialogue(expectation, sent: 0), isOperating: false)?.limit == limit)
  }

  @Test func `the socket has a limit whatever is expected`() {
    deadlines.update(start + 10)
    deadlines.replyArrived()
    #expect(limits[.socket] < limits[.finalReply])
    #expect(next(.dialogue(.finalReply, sent: 0)) == .socket)
  }

  @Test func `an operation has a limit at every stage`() {
    deadlines.update(start + 100_000)
    deadlines.connectingBegan()
    deadlines.channelOpened()
    for waiting in [
      Deadlines.Waiting.opening, .handshake(isReplaceable: true), .dialogue(.nothing, sent: 0),
    ] {
      #expect(next(waiting, isOperating: true) == .operation)
    }
    #expect(next(.nothing, isOperating: true) == nil)
    #expect(next(.opening) == nil)
  }

  @Test func `a handshake has to be over in the time of a greeting where another address is left`()
  {
    deadlines.update(start + 10)
    deadlines.connectingBegan()
    #expect(next(.handshake(isReplaceable: false)) == .connection)
    deadlines.update(start + 5_000)
    deadlines.connectingBegan()
    #expect(next(.handshake(isReplaceable: true)) == .greeting)
    let text = { (waiting: Deadlines.Waiting) in
      deadlines.failure(of: .greeting, waiting, phase: .tls, command: "CONN").message
    }
    #expect(
      text(.handshake(isReplaceable: true)).hasPrefix("the TLS handshake was not over within"))
    #expect(text(.dialogue(.greeting, sent: 0)).hasPrefix("the server did not greet"))
  }

  @Test func `a limit has passed at its last millisecond and not before`() {
    let last = start + Int64(limits[.greeting])
    deadlines.update(last - 1)
    #expect(passed(.greeting) == nil)
    deadlines.update(last)
    #expect(passed(.greeting) == .greeting)
  }

  // MARK: What does not count

  @Test func `what callbacks take counts for no limit of the server`() {
    let limits: [Limit] = [.greeting, .socket, .command, .finalReply, .quit]
    let before = limits.map { deadlines.deadline(of: $0) }
    let operation = deadlines.deadline(of: .operation)
    deadlines.callbacksEnded(start + 60_000)
    #expect(deadlines.now == start + 60_000)
    #expect(limits.map { deadlines.deadline(of: $0) } == before.map { $0 + 60_000 })
    #expect(deadlines.deadline(of: .operation) == operation)
  }

  @Test func `what the source of a message takes is no silence of the server`() {
    let command = deadlines.deadline(of: .command)
    let socket = deadlines.deadline(of: .socket)
    deadlines.sourceRead(since: start, start + 60_000)
    #expect(deadlines.now == start + 60_000)
    #expect(deadlines.deadline(of: .socket) == socket + 60_000)
    #expect(deadlines.deadline(of: .command) == command)
  }

  @Test func `the wait for a greeting uses none of the time to connect`() {
    let before = deadlines.deadline(of: .connection)
    deadlines.update(start + 7)
    deadlines.channelOpened()
    deadlines.update(start + 7 + 60_000)
    deadlines.greetingMissed()
    #expect(deadlines.deadline(of: .connection) == before + 60_000)
    #expect(!deadlines.isOver(.connection))
  }

  // MARK: What the peer takes

  /// So much later, the peer has taken another part of what it was asked.
  private func takeMore(_ expectation: Session.Expectation) {
    deadlines.asked(sent: 1000)
    deadlines.update(deadlines.now + 500)
    _ = passed(expectation, sent: 1000, unsent: 400)
  }

  @Test func `a server that reads what it was asked gets more time for the reply`() {
    let before = deadlines.deadline(of: .command)
    takeMore(.reply)
    #expect(deadlines.deadline(of: .command) == before + 500)
    #expect(deadlines.deadline(of: .socket) == start + 500 + Int64(limits[.socket]))
  }

  /// The limit of QUIT begins when it is written, and only then.
  @Test func `what the server takes does not prolong the wait for the end`() {
    let before = deadlines.deadline(of: .quit)
    takeMore(.farewell)
    #expect(deadlines.deadline(of: .quit) == before)
  }

  /// The limit that moves with what the peer takes is that of the reply, which may be far shorter
  /// than that of the socket.
  @Test(arguments: [
    (Session.Expectation.content, Limit.finalReply), (.departure, .finalReply),
    (.chunkReply, .finalReply), (.finalReply, .finalReply), (.reply, .command),
    (.nothing, .socket),
  ])
  func `what the peer takes is looked at often enough for the limit that it moves`(
    _ expectation: Session.Expectation, _ limit: Limit
  ) {
    var limits = Limits()
    for limit in Limit.allCases { limits[limit] = Limits.longest }
    limits[limit] = 16_000
    let deadlines = Deadlines(limits)
    deadlines.update(start)
    deadlines.channelOpened()
    #expect(deadlines.nextLook(.dialogue(expectation, sent: 1)) == start + 1_000)
  }

  @Test(arguments: [Session.Expectation.greeting, .farewell])
  func `what the peer takes is not looked at where it moves nothing`(
    _ expectation: Session.Expectation
  ) {
    #expect(deadlines.nextLook(.dialogue(expectation, sent: 1)) == nil)
  }
}
