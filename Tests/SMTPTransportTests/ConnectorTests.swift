import CSystem
import SMTPProtocol
import Testing

@testable import SMTPTransport

@Suite struct ConnectorTests {
  let loop: EventLoop

  init() throws { loop = try #require(EventLoop()) }

  private typealias Outcome = Result<ConnectedSocket, Failure>

  private func run(_ connector: Connector, deadline: Int64 = Clock.now() + 20_000) -> Outcome? {
    var result: Outcome?
    var isInside = true
    var wasInside = false
    connector.start(deadline: deadline) {
      wasInside = isInside
      result = $0
    }
    isInside = false
    _ = pump(loop) { result != nil }
    return wasInside ? nil : result
  }

  @Test func refusedAddressIsFollowedByTheNext() throws {
    let listener = Listener()
    let refusing = Listener.refusing()
    let connector = Connector(
      loop: loop, addresses: [refusing, listener.address])
    let socket = try #require(run(connector)).get()
    #expect(socket.remote.description == listener.address.description)
    #expect(socket.local.isLoopback)
    #expect(connector.failures.addresses == refusing.description)
    #expect(!connector.hasMore)
    #expect(statusFlags(of: socket.descriptor) & O_NONBLOCK != 0)
    #expect(descriptorFlags(of: socket.descriptor) & FD_CLOEXEC != 0)
  }

  @Test func allRefused() throws {
    let addresses = [Listener.refusing(), Listener.refusing()]
    let connector = Connector(loop: loop, addresses: addresses)
    guard case .failure(let failure) = try #require(run(connector)) else {
      Issue.record("connected")
      return
    }
    #expect(failure.code == .socket)
    #expect(failure.errno == ECONNREFUSED)
    #expect(failure.phase == .connect)
    #expect(failure.retry == .safe)
    let shown = addresses.map { $0.description }
    #expect(failure.addresses == shown.joined(separator: ", "))
    #expect(
      failure.message
        == "cannot connect to \(shown[0]): Connection refused; \(shown[1]): Connection refused")
    #expect(loop.timeout() == -1)
  }

  @Test func nextGoesOn() throws {
    let first = Listener()
    let second = Listener()
    let connector = Connector(
      loop: loop, addresses: [first.address, second.address])
    let winner = try #require(run(connector)).get()
    #expect(winner.remote.description == first.address.description)
    #expect(connector.hasMore)
    connector.remember(
      winner.remote.description, Failure(.protocolViolation, "554 go away", retry: .no))
    winner.close()

    var result: Outcome?
    connector.start(deadline: Clock.now() + 20_000) { result = $0 }
    let inTime = pump(loop) { result != nil }
    #expect(inTime)
    let socket = try #require(result).get()
    #expect(socket.remote.description == second.address.description)
    #expect(!connector.hasMore)

    result = nil
    connector.start(deadline: Clock.now() + 20_000) { result = $0 }
    _ = pump(loop) { result != nil }
    guard case .failure(let failure) = try #require(result) else {
      Issue.record("connected")
      return
    }
    #expect(
      failure.message == "cannot connect to \(first.address.description): 554 go away")
  }

  @Test func localAddressOfAnotherFamily() throws {
    let listener = Listener()
    let settings = SocketSettings()
    settings.localAddress = SocketAddress(numeric: bytes("::1"), port: 0)
    let connector = Connector(loop: loop, addresses: [listener.address], settings: settings)
    guard case .failure(let failure) = try #require(run(connector)) else {
      Issue.record("connected")
      return
    }
    #expect(failure.errno == EAFNOSUPPORT)
  }

  @Test func deadlineNamesTheOption() throws {
    // A queue that is full does not answer: the kernel drops the SYN.
    let listener = Listener()
    _ = listen(listener.descriptor, 0)
    var fillers: [ConnectionAttempt] = []
    for _ in 0..<4 {
      let filler = ConnectionAttempt(listener.address)
      _ = filler.start(loop: loop, SocketSettings(), given: nil) {}
      fillers.append(filler)
    }
    let connector = Connector(loop: loop, addresses: [listener.address])
    var result: Outcome?
    connector.start(deadline: Clock.now() + 50) { result = $0 }
    let inTime = pump(loop) { result != nil }
    #expect(inTime)
    guard case .failure(let failure) = try #require(result) else {
      Issue.record("connected")
      return
    }
    #expect(failure.code == .timedOut)
    #expect(failure.message.contains("connection_timeout"))
    #expect(failure.addresses == listener.address.description)
    for filler in fillers { filler.cancel() }
  }

  @Test func silentAddressIsOvertaken() throws {
    let silent = Listener()
    _ = listen(silent.descriptor, 0)
    var fillers: [ConnectionAttempt] = []
    for _ in 0..<4 {
      let filler = ConnectionAttempt(silent.address)
      _ = filler.start(loop: loop, SocketSettings(), given: nil) {}
      fillers.append(filler)
    }
    let good = Listener()
    let connector = Connector(
      loop: loop, addresses: [silent.address, good.address])
    let socket = try #require(run(connector)).get()
    #expect(socket.remote.description == good.address.description)
    #expect(connector.hasMore)
    for filler in fillers { filler.cancel() }
  }

  @Test func noAddresses() throws {
    let connector = Connector(loop: loop, addresses: [])
    guard case .failure(let failure) = try #require(run(connector)) else {
      Issue.record("connected")
      return
    }
    #expect(failure.code == .socket)
  }

  @Test func cancelledConnectorIsSilent() {
    let listener = Listener()
    let connector = Connector(loop: loop, addresses: [listener.address])
    var called = false
    connector.start(deadline: Clock.now() + 20_000) { _ in called = true }
    connector.cancel()
    _ = loop.dispatch()
    #expect(!called)
    #expect(loop.timeout() == -1)
    #expect(connector.hasMore)
  }
}
