import CSystem
import SMTPProtocol
import Testing

@testable import SMTPConnection
@testable import SMTPTransport

@Suite struct TokenExchangeTests {
  /// A socket where the system accepts connections, and no program reads.
  private final class Mute {
    private let descriptor: Int32
    let port: Int

    init() {
      let descriptor = csystem_stream_socket(AF_INET)
      let local = SocketAddress(numeric: Bytes.of("127.0.0.1"), port: 0) ?? .unspecified
      _ = unsafe local.withPointer { unsafe bind(descriptor, $0, $1) }
      _ = listen(descriptor, 8)
      self.descriptor = descriptor
      let bound = unsafe SocketAddress(filledBy: { unsafe getsockname(descriptor, $0, $1) })
      port = Int(bound?.port ?? 0)
    }

    deinit { System.close(descriptor) }
  }

  @Test func `an endpoint that never answers has its time limit`() throws {
    let mute = Mute()
    let loop = try #require(EventLoop())
    let url = try #require(EndpointURL(Array("http://127.0.0.1:\(mute.port)/".utf8)))
    let cryptography = OpenSSLCryptography()
    let request = TokenRequest(
      url, clientID: [], clientSecret: Secret([], cryptography),
      refreshToken: Secret([1], cryptography), scope: [], cryptography)
    let exchange = TokenExchange(
      loop, request, trusting: TLSConfiguration(), cryptography, limit: 50)
    var results: [Result<HTTPResponse, Failure>] = []
    exchange.start { results.append($0) }
    while results.isEmpty { _ = loop.runOnce(timeout: -1) }
    guard case .failure(let failure) = results[0] else {
      Issue.record("a response")
      return
    }
    #expect(failure.code == .oauth2)
    #expect(failure.retry == .safe)
    #expect(
      failure.message
        == "the token endpoint 127.0.0.1:\(mute.port) did not answer within 50 ms")
  }

  @Test func `the time limit is a minute`() {
    #expect(TokenExchange.standardLimit == 60_000)
  }
}
