import Testing

@testable import SMTPProtocol

@Suite struct EndpointURLTests {
  @Test(arguments: [
    (
      "https://oauth2.googleapis.com/token", "oauth2.googleapis.com", 443, "/token",
      "oauth2.googleapis.com"
    ),
    ("HTTPS://a.example", "a.example", 443, "/", "a.example"),
    ("https://a.example:8443/t", "a.example", 8443, "/t", "a.example:8443"),
    ("https://a.example:443/", "a.example", 443, "/", "a.example"),
    ("https://a.example:80/", "a.example", 80, "/", "a.example:80"),
    ("https://a.example?x=1/2", "a.example", 443, "/?x=1/2", "a.example"),
    ("https://a.example/t?x=@:#frag", "a.example", 443, "/t?x=@:", "a.example"),
    ("https://a.example#frag", "a.example", 443, "/", "a.example"),
    ("https://192.0.2.1/t", "192.0.2.1", 443, "/t", "192.0.2.1"),
    ("https://[2001:db8::1]/t", "2001:db8::1", 443, "/t", "[2001:db8::1]"),
    ("https://[2001:db8::1]:65535/t", "2001:db8::1", 65535, "/t", "[2001:db8::1]:65535"),
  ])
  func `host, port and path are taken apart`(
    _ url: String, _ host: String, _ port: Int, _ path: String, _ authority: String
  ) throws {
    let endpoint = try #require(EndpointURL(bytes(url)))
    #expect(text(endpoint.host) == host)
    #expect(endpoint.port == port)
    #expect(text(endpoint.path) == path)
    #expect(text(endpoint.authority) == authority)
    #expect(text(endpoint.text) == url)
    #expect(endpoint.isSecure)
  }

  @Test(arguments: [
    ("http://localhost/t", "localhost", 80, "localhost"),
    ("http://LOCALHOST:8080/t", "LOCALHOST", 8080, "LOCALHOST:8080"),
    ("http://127.0.0.1:443", "127.0.0.1", 443, "127.0.0.1:443"),
    ("HTTP://127.255.0.1", "127.255.0.1", 80, "127.255.0.1"),
    ("http://[::1]:1", "::1", 1, "[::1]:1"),
  ])
  func `this machine may do without TLS`(
    _ url: String, _ host: String, _ port: Int, _ authority: String
  ) throws {
    let endpoint = try #require(EndpointURL(bytes(url)))
    #expect(!endpoint.isSecure)
    #expect(text(endpoint.host) == host)
    #expect(endpoint.port == port)
    #expect(text(endpoint.authority) == authority)
  }

  @Test(arguments: [
    "http://a.example/", "http://127.evil.example/", "http://localhost.evil.example/",
    "http://128.0.0.1/", "http://127.0.0.1.evil.example/", "http://127.1/", "http://[::2]/",
    "http://localhost@evil.example/", "http://192.0.2.1/",
  ])
  func `nobody else may`(_ url: String) {
    #expect(EndpointURL(bytes(url)) == nil)
  }

  @Test(arguments: [
    "", "https://", "https:///t", "https:/a.example", "a.example", "ftp://a.example", "//a.example",
    "https://user@a.example", "https://user:pw@a.example/", "https://a.example:", "https://:443",
    "https://a.example:0", "https://a.example:65536", "https://a.example:999999",
    "https://a.example:+1", "https://a.example:8x", "https://a.example:1:2", "https://a..example",
    "https://-a.example", "https://é.example", "https://a.example/é",
    "https://a.example/ b", "https://a.example/\r\nX: y", "https://a.example/\0", "https://[::1",
    "https://::1", "https://[::1]x", "https://[::1]x:1", "https://[]", "https://[a]",
    "https://[fe80::1%25eth0]", "https://a.example\\@b.example/", " https://a.example",
    "https://a.example/\u{7F}",
  ])
  func `what is no address of an endpoint is refused`(_ url: String) {
    #expect(EndpointURL(bytes(url)) == nil)
  }

  @Test func `the length is bounded`() {
    let start = "https://a.example/"
    let longest = start + String(repeating: "a", count: 2048 - start.count)
    #expect(EndpointURL(bytes(longest)) != nil)
    #expect(EndpointURL(bytes(longest + "a")) == nil)
  }
}
