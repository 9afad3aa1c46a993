import CSystem
import SMTPProtocol
import Testing

@testable import SMTPTransport

/// Sends `outgoing`, collects what comes, and knows when it is over.
final class Talker {
  private(set) var channel: Channel?
  private(set) var received: [UInt8] = []
  private(set) var hasEnded = false
  private(set) var failure: Failure?
  private(set) var info: TLSInfo?
  var outgoing: [UInt8] = []
  var offset = 0
  /// Sends back what comes.
  var isEcho = false
  private var isShakingHands = false

  init(_ loop: EventLoop, _ socket: ConnectedSocket) {
    channel = Channel(loop: loop, socket: socket) { [self] in goOn() }
  }

  func startTLS(_ context: TLSContext, _ name: String) {
    failure = channel?.beginTLS(context, serverName: bytes(name), with: .server)
    isShakingHands = failure == nil
    goOn()
  }

  func send(_ octets: [UInt8]) {
    outgoing += octets
    goOn()
  }

  func close(graceful: Bool = true) {
    channel?.close(graceful: graceful)
    channel = nil
  }

  var isDone: Bool { hasEnded || failure != nil }

  private func goOn() {
    guard let channel, !isDone else { return }
    if isShakingHands {
      switch channel.handshake() {
      case .done(let info):
        self.info = info
        isShakingHands = false
      case .pending: return
      case .failed(let failure):
        self.failure = failure
        return
      }
    }
    receive(channel)
    write(channel)
  }

  private func receive(_ channel: Channel) {
    var buffer = [UInt8](repeating: 0, count: 10_000)
    while !isDone {
      switch channel.read(into: &buffer) {
      case .bytes(let count):
        if isEcho { outgoing += buffer[..<count] } else { received += buffer[..<count] }
      case .wouldBlock: return
      case .endOfStream: hasEnded = true
      case .failed(let failure): self.failure = failure
      }
    }
  }

  private func write(_ channel: Channel) {
    while offset < outgoing.count, failure == nil {
      switch channel.write(outgoing, from: offset) {
      case .bytes(let count): offset += count
      case .wouldBlock: return
      case .endOfStream: hasEnded = true
      case .failed(let failure): self.failure = failure
      }
    }
  }
}

@Suite struct ChannelTests {
  let loop: EventLoop
  let client: Talker
  let server: Talker

  init() throws {
    loop = try #require(EventLoop())
    let listener = Listener()
    let socket = try #require(connect(loop, to: listener.address))
    let accepted = try #require(listener.accept())
    client = Talker(loop, socket)
    server = Talker(loop, accepted)
  }

  @Test func echoOfMoreThanTheSocketsHold() {
    server.isEcho = true
    let content = (0..<8_000_000).map { UInt8(truncatingIfNeeded: $0 * 31) }
    client.send(content)
    let inTime = pump(loop) { client.received.count == content.count }
    #expect(inTime)
    #expect(client.received == content)
    client.close()
    let ended = pump(loop) { server.hasEnded }
    #expect(ended)
    server.close()
    #expect(loop.timeout() == -1)
  }

  /// What the peer has not read is still on its way, and counts as sent.
  @Test func sentAndUnsent() throws {
    let channel = try #require(client.channel)
    #expect(channel.sent == 0)
    #expect(channel.unsent == 0)
    // The server does not turn its loop: this one is not turned.
    let content = [UInt8](repeating: 0x78, count: 50_000)
    var sent = 0
    while sent < 8_000_000, case .bytes(let count) = channel.write(content, from: 0) {
      sent += count
      #expect(channel.sent == sent)
    }
    let before = try #require(channel.unsent)
    #expect(before > 0)
    #expect(before <= sent)
    let taken = pump(loop) { server.received.count == sent }
    #expect(taken)
    let empty = pump(loop) { channel.unsent == 0 }
    #expect(empty)
    client.close()
    #expect(channel.unsent == nil)
  }

  @Test func endOfStreamDoesNotSpin() throws {
    server.close()
    let ended = pump(loop) { client.hasEnded }
    #expect(ended)
    let descriptor = loop.descriptor()
    #expect(!isReadable(descriptor))
    client.close()
  }

  @Test func resetIsAConnectionError() throws {
    // Closing with input unread resets the connection.
    client.send(bytes("QUIT\r\n"))
    let accepted = try #require(server.channel)
    accepted.close(graceful: false)
    let over = pump(loop) { client.isDone }
    #expect(over)
    let failure = try #require(client.failure)
    #expect(failure.code == .connection)
    #expect(failure.errno == ECONNRESET)
    #expect(failure.addresses == client.channel?.remote.description)
    client.close()
  }

  @Test func writingToAClosedPeerRaisesNoSignal() throws {
    server.close()
    let ended = pump(loop) { client.hasEnded }
    #expect(ended)
    let channel = try #require(client.channel)
    var failure: Failure?
    for _ in 0..<100 where failure == nil {
      if case .failed(let found) = channel.write(bytes("x"), from: 0) { failure = found }
    }
    #expect(failure?.code == .connection)
    client.close()
  }

  /// A channel in the clear, and the other end.
  private func pair() throws -> (Channel, Int32) {
    var ends: [Int32] = [-1, -1]
    try #require(unsafe socketpair(AF_UNIX, csystem_stream_type(), 0, &ends) == 0)
    _ = csystem_set_nonblocking(ends[0])
    let channel = Channel(loop: loop, socket: ConnectedSocket(ends[0], remote: .unspecified)) {}
    return (try #require(channel), ends[1])
  }

  /// What can be read now.
  private func all(_ channel: Channel) -> Int {
    var buffer = [UInt8](repeating: 0, count: 10_000)
    var total = 0
    while case .bytes(let count) = channel.read(into: &buffer) { total += count }
    return total
  }

  /// However much has come, others get their turn.
  @Test func oneTurnReadsOnlySoMuch() throws {
    let (channel, peer) = try pair()
    defer { System.close(peer) }
    let octets = bytes(String(repeating: "x", count: 50_000))
    try #require(unsafe CSystem.send(peer, octets, octets.count, 0) == octets.count)
    for _ in 0..<3 {
      #expect(all(channel) == Channel.octetsPerTurn)
      _ = loop.runOnce(timeout: 0)
    }
    #expect(all(channel) == octets.count - 3 * Channel.octetsPerTurn)
    channel.close(graceful: false)
  }

  /// The peer may have said why before it went.
  @Test func whatWasSaidBeforeTheEndIsRead() throws {
    let (channel, peer) = try pair()
    let octets = bytes(String(repeating: "x", count: Channel.octetsPerTurn + 3))
    try #require(unsafe CSystem.send(peer, octets, octets.count, 0) == octets.count)
    System.close(peer)
    #expect(all(channel) == Channel.octetsPerTurn)
    guard case .failed = channel.write(bytes("x"), from: 0) else {
      Issue.record("written to nobody")
      return
    }
    #expect(all(channel) == 3)
    channel.close(graceful: false)
  }

  @Test func offsetsOutsideAreNothing() throws {
    let channel = try #require(client.channel)
    for offset in [-1, 1, Int.max] {
      guard case .bytes(0) = channel.write(bytes("x"), from: offset) else {
        Issue.record("wrote from \(offset)")
        return
      }
    }
    client.close()
    server.close()
  }

  @Test func closedChannelDoesNothing() throws {
    let channel = try #require(client.channel)
    client.close()
    channel.close(graceful: true)
    var buffer: [UInt8] = [0]
    guard case .wouldBlock = channel.read(into: &buffer) else {
      Issue.record("read")
      return
    }
    guard case .wouldBlock = channel.write([1], from: 0) else {
      Issue.record("wrote")
      return
    }
    server.close()
  }

  @Test func unusableServerNameIsRefused() throws {
    let context = try TLSContext.make(TLSConfiguration()).get()
    let channel = try #require(client.channel)
    for name in ["", ".", ".example.com", "a\u{0}b", "a b", "ä.example"] {
      let failure = channel.beginTLS(context, serverName: bytes(name), with: .server)
      #expect(failure?.code == .tls)
    }
    #expect(!channel.isSecure)
    client.close()
    server.close()
  }
}
