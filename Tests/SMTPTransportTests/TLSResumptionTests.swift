import CSystem
import SMTPProtocol
import Testing

@testable import SMTPTransport

@Suite struct TLSResumptionTests {
  let loop: EventLoop
  let configuration = TLSConfiguration(
    authorities: .file(bytes(Certificates.shared.path("ca.pem"))))

  init() throws { loop = try #require(EventLoop()) }

  /// A handshake without a channel, to its end.
  private func shakeHands(
    _ server: TLSServer, _ context: TLSContext, _ prepare: (TLSSession) throws -> Void
  ) throws -> (TLSSession, TLSSession.Step) {
    let socket = try #require(connect(loop, to: server.address))
    defer { socket.close() }
    let session = try #require(TLSSession(context, over: .socket(socket.descriptor)))
    try prepare(session)
    while true {
      let step = session.handshake()
      guard case .wantsRead = step else { return (session, step) }
      var entry = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
      let isReady = unsafe poll(&entry, 1, 20_000) == 1
      try #require(isReady)
    }
  }

  private func expect(_ name: String, _ session: TLSSession) throws {
    let isArranged = session.expect(try #require(TLSPeerName(bytes(name))))
    try #require(isArranged)
  }

  /// A session for another is never offered. If it were, the connection would fail as if the
  /// certificate had been shown.
  @Test(arguments: ["127.0.0.1", "127.0.0.2"])
  func secondLock(_ name: String) throws {
    let server = try #require(TLSServer("good", ["-tls1_2", "-naccept", "2"]))
    let sessions = TLSSessions()
    let context = try TLSContext.make(configuration, keepingSessions: sessions).get()
    _ = try shakeHands(server, context) { try expect("localhost", $0) }
    let (session, step) = try shakeHands(server, context) {
      try expect("localhost", $0)
      $0.resume()
      try expect(name, $0)
    }
    #expect(session.info.isResumed)
    switch step {
    case .done:
      #expect(name == "127.0.0.1")
    case .failed(let queue):
      #expect(name == "127.0.0.2")
      let failure = TLSFailure.handshake(queue, session, peer: bytes(name), with: .server)
      #expect(failure.message.hasSuffix("localhost, 127.0.0.1, not for \"127.0.0.2\""))
      let isEmpty = unsafe sessions.take() == nil
      #expect(isEmpty)
    default:
      Issue.record("\(step)")
    }
  }

  @Test func oneContextForAll() throws {
    let memory = TLSMemory()
    let context = try memory.context(for: configuration, now: 0).get()
    #expect(try memory.context(for: configuration, now: 0).get() === context)
    #expect(context.sessions === memory.sessions)
  }

  /// Authorities come and go. The sessions stay: what vouches for them has a limit of its own.
  @Test func renewedAfterADay() throws {
    let memory = TLSMemory()
    let start: Int64 = 1_000_000
    let context = try memory.context(for: configuration, now: start).get()
    let last = start + TLSMemory.lifetime - 1
    #expect(try memory.context(for: configuration, now: last).get() === context)
    let next = try memory.context(for: configuration, now: last + 1).get()
    #expect(next !== context)
    #expect(next.sessions === memory.sessions)
    // Its day begins anew.
    #expect(try memory.context(for: configuration, now: last + 2).get() === next)
    let end = last + 1 + TLSMemory.lifetime
    #expect(try memory.context(for: configuration, now: end).get() !== next)
    #expect(TLSMemory.lifetime == 86_400_000)
  }

  @Test func noSessionsWhenNoneAreWanted() throws {
    var configuration = configuration
    configuration.resumes = false
    #expect(try TLSMemory().context(for: configuration, now: 0).get().sessions == nil)
  }

  /// The code of the caller may have done anything to it.
  @Test func customizedContextsAreNotShared() throws {
    var configuration = configuration
    unsafe configuration.customize = { _ in true }
    let memory = TLSMemory()
    let context = try memory.context(for: configuration, now: 0).get()
    #expect(try memory.context(for: configuration, now: 0).get() !== context)
    #expect(context.sessions == nil)
  }

  @Test func failuresAreNotKept() throws {
    let memory = TLSMemory()
    let wrong = TLSConfiguration(authorities: .file(bytes("/nowhere/ca.pem")))
    for _ in 0..<2 {
      guard case .failure = memory.context(for: wrong, now: 0) else {
        Issue.record("accepted")
        return
      }
    }
    _ = try memory.context(for: configuration, now: 0).get()
  }
}
