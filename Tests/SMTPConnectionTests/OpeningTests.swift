import SMTPProtocol
import SMTPTransport
import Testing

@testable import SMTPConnection

/// Opening alone, without a connection and a session.
@Suite final class OpeningTests {
  private let loop: EventLoop
  private let options: SharedOptions
  private let deadlines: Deadlines
  private let opening: Opening
  private let server = MuteServer()
  private var steps: [Opening.Step] = []

  init() throws {
    loop = try #require(EventLoop())
    var values = Options()
    // No name is resolved.
    try values.setSocketPath(Bytes.of("/none"))
    try values.setName(Bytes.of("client.test"))
    options = SharedOptions(values)
    deadlines = Deadlines(values.limits)
    let callbacks = CallbackQueue(loop)
    opening = Opening(options, loop, deadlines, Trace(values, callbacks), callbacks)
  }

  /// Connects to the server, and keeps another address.
  private func connect() throws {
    deadlines.update()
    deadlines.operationBegan()
    let isTurnNeeded = opening.begin(onStep: { [self] in steps.append($0) }, onReady: {})
    #expect(isTurnNeeded)
    let addresses = [("127.0.0.1", server.port), ("127.0.0.2", 9)].compactMap {
      SocketAddress(numeric: Array($0.0.utf8), port: UInt16($0.1))
    }
    _ = opening.connect(to: addresses)
    #expect(opening.phase == .connect)
    while steps.isEmpty { _ = loop.runOnce(timeout: 10) }
    let isOpen = if case .open? = steps.first { true } else { false }
    #expect(isOpen, "\(steps)")
    #expect(opening.remoteAddress == "127.0.0.1:\(server.port)")
    #expect(opening.clientName == Bytes.of("client.test"))
  }

  private var silence: Failure { Failure(.timedOut, "no greeting", phase: .greeting) }

  @Test func `the wait for a greeting uses none of the time to connect`() throws {
    defer { opening.stop(graceful: false) }
    try connect()
    let waited: Int64 = 200_000
    let before = deadlines.deadline(of: .connection)
    deadlines.update(deadlines.now + waited)
    #expect(deadlines.isOver(.connection))
    #expect(opening.triesAgain(after: silence))
    #expect(deadlines.deadline(of: .connection) == before + waited)
    #expect(opening.phase == .connect)
    #expect(opening.remoteAddress == nil)
  }

  @Test func `after a greeting no other address is tried`() throws {
    defer { opening.stop(graceful: false) }
    try connect()
    opening.greeted()
    #expect(!opening.triesAgain(after: silence))
  }

  @Test func `what was stopped reports nothing and keeps nothing`() throws {
    try connect()
    #expect(opening.triesAgain(after: silence))
    opening.stop(graceful: false)
    #expect(opening.phase == .idle)
    steps = []
    // The second address would have refused by now.
    for _ in 0..<5 { _ = loop.runOnce(timeout: 0) }
    #expect(steps.isEmpty)
    #expect(!opening.triesAgain(after: silence))
  }
}
