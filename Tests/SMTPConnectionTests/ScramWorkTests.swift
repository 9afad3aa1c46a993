import CSystem
import SMTPProtocol
import Testing

@testable import SMTPConnection
@testable import SMTPTransport

/// A login with SCRAM whose computation is large: others have their turns meanwhile. Nothing is
/// measured in time; turns of the loop are counted.
@Suite final class ScramWorkTests {
  /// The other end of a connection, on the loop of the client.
  private final class End {
    let server: Int32
    let connection: Connection
    var result: Failure??
    private var heard: [UInt8] = []

    init(_ loop: EventLoop) throws {
      var ends: [Int32] = [-1, -1]
      try #require(unsafe socketpair(AF_UNIX, csystem_stream_type(), 0, &ends) == 0)
      server = ends[0]
      var options = Options()
      try options.setName(Array("client.test".utf8))
      try options.setConnectedSocket(ends[1])
      options.allowInsecureAuth = true
      System.close(ends[1])
      connection = Connection(options: options, loop: loop)
    }

    func say(_ text: String) throws {
      let octets = Array(text.utf8)
      try #require(unsafe CSystem.send(server, octets, octets.count, 0) == octets.count)
    }

    /// What the client has said and was not taken yet.
    func line() -> String? {
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = unsafe recv(server, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      if count > 0 { heard += buffer.prefix(count) }
      guard let end = heard.firstIndex(of: 0x0A) else { return nil }
      defer { heard.removeFirst(end + 1) }
      return String(decoding: heard[..<end], as: UTF8.self)
        .trimmingSuffix("\r")
    }

    func end() {
      _ = connection.free()
      System.close(server)
    }
  }

  private let loop: EventLoop
  private let cryptography = OpenSSLCryptography()
  private var turns = 0

  init() throws { loop = try #require(EventLoop()) }

  /// Turns until it holds: a bound catches a test that hangs.
  private func turn(until isDone: () throws -> Bool) throws {
    let limit = Clock.now() + 120_000
    while try !isDone() {
      try #require(Clock.now() < limit, "it never came")
      _ = loop.runOnce(timeout: 10)
      turns += 1
    }
  }

  private func line(_ end: End) throws -> String {
    var line: String?
    try turn {
      line = line ?? end.line()
      return line != nil
    }
    return try #require(line)
  }

  private func login(_ end: End, iterations: Int) throws {
    var identity = Identity(cryptography)
    identity.credentials = Credentials(
      user: identity.secret(Bytes.of("ann")), password: identity.secret(Bytes.of("secret")))
    try end.connection.connect { _ in }
    try end.connection.login(identity) { end.result = .some($0) }
    try end.say("220 hello\r\n")
    _ = try line(end)
    try end.say("250-x\r\n250 AUTH SCRAM-SHA-256\r\n")
    let command = try line(end)
    let text = command.dropFirst("AUTH SCRAM-SHA-256 ".count)
    let first = try #require(cryptography.base64Decode(Array(text.utf8)))
    let nonce = String(decoding: first, as: UTF8.self).split(separator: "=").last ?? ""
    let challenge = "r=\(nonce)xyz,s=c2FsdA==,i=\(iterations)"
    let encoded = cryptography.base64Encode(Array(challenge.utf8))
    try end.say("334 \(String(decoding: encoded, as: UTF8.self))\r\n")
  }

  /// A turn has at most sixteen parts of 256 iterations: so there are as many turns as that.
  @Test func `others have their turns`() throws {
    let iterations = 40 * 16 * 256
    let slow = try End(loop)
    defer { slow.end() }
    try login(slow, iterations: iterations)
    turns = 0
    let response = try line(slow)
    #expect(!response.isEmpty)
    #expect(turns >= 40)
    // Nothing but the answer of the server is missing.
    #expect(slow.result == nil)
  }

  /// All of a short dialogue of another connection is over before a computation of 10,000,000
  /// iterations has got beyond a small part of it.
  @Test func `another connection is not held up, and the computation can be cancelled`() throws {
    let slow = try End(loop)
    defer { slow.end() }
    try login(slow, iterations: 10_000_000)
    let other = try End(loop)
    defer { other.end() }
    turns = 0
    var isOpen = false
    try other.connection.connect { isOpen = $0 == nil }
    try other.say("220 hello\r\n")
    _ = try line(other)
    try other.say("250 x\r\n")
    try turn { isOpen }
    // Of 2,441 turns at least.
    #expect(turns < 100)
    #expect(slow.result == nil)
    slow.connection.cancel()
    try turn { slow.result != nil }
    #expect(slow.result??.code == .cancelled)
    // Nothing goes on.
    #expect(loop.runOnce(timeout: 0) == .idle)
    #expect(!loop.hasReadyTasks)
  }

  /// The limit of an operation counts while it is computed.
  @Test func `the server closes while it is computed`() throws {
    let slow = try End(loop)
    defer { slow.end() }
    try login(slow, iterations: 10_000_000)
    try slow.say("421 4.3.2 going down\r\n")
    try turn { slow.result != nil }
    #expect(slow.result??.reply?.code == 421)
  }
}

extension String {
  fileprivate func trimmingSuffix(_ suffix: String) -> String {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
  }
}
