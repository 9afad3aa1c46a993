import SMTPProtocol
import Testing

@testable import SMTPConnection
@testable import SMTPTransport

@Suite struct TokenExchangeTests {
  @Test func `an endpoint that never answers has its time limit`() throws {
    let mute = MuteServer()
    let loop = try #require(EventLoop())
    let url = try #require(EndpointURL(Array("http://127.0.0.1:\(mute.port)/".utf8)))
    let cryptography = OpenSSLCryptography()
    let request = TokenRequest(
      url, clientID: [], clientSecret: Secret([], cryptography),
      refreshToken: Secret([1], cryptography), scope: [], cryptography)
    let exchange = TokenExchange(
      loop, request, SharedOptions(Options()), cryptography, limit: 50)
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
