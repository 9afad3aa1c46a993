import Testing

@testable import SMTPProtocol

@Suite struct ProxyURLTests {
  private func url(_ text: String) -> Proxy? {
    Proxy(Array(text.utf8), FixedCryptography())
  }

  @Test(arguments: [
    ("socks5://proxy.example", "socks5", "proxy.example", 1080),
    ("SOCKS5H://proxy.example:9050", "socks5h", "proxy.example", 9050),
    ("http://proxy.example/", "http", "proxy.example", 80),
    ("https://[2001:db8::1]", "https", "2001:db8::1", 443),
    ("http://192.0.2.1:3128", "http", "192.0.2.1", 3128),
    ("http://a@b:c@proxy:1", "http", "proxy", 1),
  ])
  func `what a URL names`(text: String, kind: String, host: String, port: Int) throws {
    let proxy = try #require(url(text))
    #expect("\(proxy.kind)" == kind)
    #expect(proxy.host == Array(host.utf8))
    #expect(proxy.port == port)
  }

  @Test(arguments: [
    ("http://u:p@h", "u", "p"), ("http://u@h", "u", nil), ("http://u:@h", "u", ""),
    ("socks5://%41%c3%A9:a%3Ab%40%25@h", "A\u{e9}", "a:b@%"), ("http://a:b:c@h", "a", "b:c"),
    ("http://a@b:c@h", "a@b", "c"), ("http://h", nil, nil),
  ])
  func `user and password are decoded`(text: String, user: String?, password: String?) throws {
    let made = try #require(url(text))
    #expect(made.user?.bytes == user.map { Array($0.utf8) })
    #expect(made.password?.bytes == password.map { Array($0.utf8) })
    let end = text.contains("@") ? "\(text.prefix { $0 != "/" })//h" : text
    #expect(made.text == Array(end.utf8))
  }

  @Test(arguments: [
    "", "proxy.example", "proxy.example:1080", "socks4://h", "socks://h", "ftp://h", "http:/h",
    "http://", "http://@h", "http://:p@h", "http://h:0", "http://h:65536", "http://h:x",
    "http://h:",
    "http://h/x", "http://h?x", "http://h#x", "http://u:p%@h", "http://u:p%4@h", "http://u:%zz@h",
    "http://u:%0a@h", "http://%00:p@h", "http://a b@h", "http://h\r\nX: y", "http://[::1",
    "http://::1", "http://-h", "http://h\u{e9}", "http://u:\(String(repeating: "x", count: 256))@h",
    "http://\(String(repeating: "h.", count: 1024))",
  ])
  func `what is no URL of a proxy`(text: String) {
    #expect(url(text) == nil)
  }

  @Test(arguments: [
    ("", "mail.example.com", false), ("*", "mail.example.com", true),
    ("example.com", "mail.example.com", true), (".example.com", "mail.example.com", true),
    ("example.com", "example.com", true), (".example.com", "EXAMPLE.com.", true),
    ("ample.com", "mail.example.com", false), ("mail.example.com", "example.com", false),
    ("a.test, ,example.com", "mail.example.com", true), ("a.test example.com", "a.test", false),
    ("192.0.2.1", "192.0.2.1", true), ("2.1", "192.0.2.1", false), ("::1", "::1", true),
    ("1", "::1", false), (".", "x", false), ("x*", "xy", false),
  ])
  func `hosts that no proxy is used for`(list: String, host: String, isOne: Bool) {
    #expect(ProxyExceptions(Array(list.utf8)).contains(Array(host.utf8)) == isOne)
  }
}

/// A dialogue fed piece by piece must read nothing of the server, however the pieces are cut.
@Suite struct ProxyDialogueTests {
  private let name = ProxyTarget(host: Bytes.of("mail.example"), port: 587, octets: [])
  private let six = ProxyTarget(
    host: Bytes.of("2001:db8::1"), port: 25,
    octets: [0x20, 1, 0xD, 0xB8] + [UInt8](repeating: 0, count: 11) + [1])

  private func proxy(_ kind: Proxy.Kind, login: Bool) -> Proxy {
    let secret = { (text: StaticString) in Secret(Bytes.of(text), FixedCryptography()) }
    return Proxy(
      kind: kind, host: Bytes.of("proxy"), port: 1, user: login ? secret("u") : nil,
      password: login ? secret("pw") : nil)
  }

  /// What was sent, and how many octets were read.
  private func play(
    _ dialogue: any ProxyDialogue, _ input: [UInt8], piece: Int
  ) -> (output: [UInt8], taken: Int) {
    var (output, taken) = ([UInt8](), 0)
    while true {
      while let more = dialogue.takeOutput() { output += more.bytes }
      let count = min(dialogue.wanted, piece, input.count - taken)
      guard count > 0, dialogue.outcome == nil else { return (output, taken) }
      dialogue.receive(Array(input[taken..<(taken + count)]))
      taken += count
    }
  }

  private static let greeting = Bytes.of("220 hi\r\n")

  @Test(arguments: [1, 2, 3, 100])
  func `SOCKS with a login and a name`(piece: Int) {
    let dialogue = proxy(.socks5h, login: true).dialogue(to: name, FixedCryptography())
    let answer: [UInt8] = [5, 2, 1, 0, 5, 0, 0, 3, 2, 0x61, 0x62, 0, 1]
    let (output, taken) = play(dialogue, answer + Self.greeting, piece: piece)
    #expect(
      output == [5, 2, 0, 2] + [1, 1] + Bytes.of("u") + [2] + Bytes.of("pw")
        + [5, 1, 0, 3, 12] + Bytes.of("mail.example") + [2, 0x4B])
    #expect(taken == answer.count)
    #expect(isOpen(dialogue))
  }

  @Test(arguments: [1, 2, 3, 100])
  func `SOCKS with an address`(piece: Int) {
    let dialogue = proxy(.socks5, login: false).dialogue(to: six, FixedCryptography())
    let answer: [UInt8] = [5, 0, 5, 0, 0, 4] + [UInt8](repeating: 9, count: 18)
    let (output, taken) = play(dialogue, answer + Self.greeting, piece: piece)
    #expect(output == [5, 1, 0] + [5, 1, 0, 4] + six.octets + [0, 25])
    #expect(taken == answer.count)
    #expect(isOpen(dialogue))
  }

  @Test(arguments: [1, 2, 3, 100])
  func `CONNECT with a login and an IPv6 address`(piece: Int) {
    let cryptography = FixedCryptography()
    let dialogue = proxy(.http, login: true).dialogue(to: six, cryptography)
    let answer = Bytes.of("HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 299\r\nA: b\r\n\r\n")
    let (output, taken) = play(dialogue, answer + Self.greeting, piece: piece)
    let login = cryptography.base64Encode(Bytes.of("u:pw"))
    #expect(
      output == Bytes.of("CONNECT [2001:db8::1]:25 HTTP/1.1\r\nHost: [2001:db8::1]:25\r\n")
        + Bytes.of("Proxy-Authorization: Basic ") + login + Bytes.of("\r\n\r\n"))
    #expect(taken == answer.count)
    #expect(isOpen(dialogue))
  }

  @Test func `the shortest header`() {
    for answer in [
      "HTTP/1.0 200\n\n", "HTTP/1.0 200\r\n\r\n", "HTTP/1.0 200 x\n\r\n",
      "HTTP/1.0 200\nA: b\n\n", "HTTP/1.0 200\r\nA: b\r\n c\r\n\tc\r\n\r\n",
    ] {
      let dialogue = proxy(.http, login: false).dialogue(to: name, FixedCryptography())
      let (_, taken) = play(dialogue, Array(answer.utf8) + Self.greeting, piece: 100)
      #expect(taken == answer.utf8.count)
      #expect(isOpen(dialogue))
    }
  }

  /// A shorter one would have an octet of the server read with it.
  @Test(arguments: [
    "HTTP/1. 200\n\n", "HTTP/1.x 200\n\n", "HTTP/1.10 200\n\n", "HTTP/2.0 200\r\n\r\n",
  ])
  func `a version that is none`(answer: String) {
    let dialogue = proxy(.http, login: false).dialogue(to: name, FixedCryptography())
    _ = play(dialogue, Array(answer.utf8) + Self.greeting, piece: 100)
    guard case .failed(let failure, .proxy) = dialogue.outcome else {
      Issue.record("it is taken for one")
      return
    }
    #expect(failure.kind == .proxyProtocol)
  }

  @Test func `a refusal that repeats the login keeps its code`() {
    let dialogue = proxy(.http, login: true).dialogue(to: name, FixedCryptography())
    let login = text(FixedCryptography().base64Encode(Bytes.of("u:pw")))
    _ = play(dialogue, Array("HTTP/1.1 403 not \(login)\r\n\r\n".utf8), piece: 100)
    guard case .failed(let failure, _) = dialogue.outcome else {
      Issue.record("no refusal")
      return
    }
    #expect(failure.reply?.text == Bytes.of("HTTP/1.1 403 ********"))
    #expect(failure.message.hasSuffix("it answered 403 ********"))
  }

  /// "kind, retry, what may be tried instead", or "open".
  private func outcome(_ kind: Proxy.Kind, login: Bool, _ answer: [UInt8]) -> String {
    let dialogue = proxy(kind, login: login).dialogue(to: name, FixedCryptography())
    _ = play(dialogue, answer, piece: 100)
    switch dialogue.outcome {
    case .open: return "open"
    case .failed(let failure, let blame):
      return "\(failure.kind.name.text), \(failure.retry), \(blame)"
    case nil: return "goes on"
    }
  }

  @Test(
    arguments: [
      (false, [4, 0], "PROXY_PROTOCOL, no, proxy"), (false, [5, 1], "PROXY_PROTOCOL, no, proxy"),
      (false, [5, 2], "PROXY_PROTOCOL, no, proxy"), (false, [5, 0xFF], "PROXY_LOGIN, no, request"),
      (true, [5, 0xFF], "PROXY_LOGIN, no, request"),
      (true, [5, 2, 5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0], "open"),
      (true, [5, 2, 1, 1], "PROXY_LOGIN, no, request"),
      (true, [5, 2, 2, 0], "PROXY_PROTOCOL, no, proxy"),
      (false, [5, 0, 4, 0, 0, 1], "PROXY_PROTOCOL, no, proxy"),
      (false, [5, 0, 5, 0, 0, 2], "PROXY_PROTOCOL, no, proxy"),
      (false, [5, 0, 5, 1, 0, 1], "PROXY_UNREACHABLE, safe, server"),
      (false, [5, 0, 5, 2, 0, 1], "PROXY_REFUSED, no, server"),
      (false, [5, 0, 5, 5, 0, 1], "PROXY_UNREACHABLE, safe, server"),
      (false, [5, 0, 5, 7, 0, 1], "PROXY_REFUSED, no, request"),
      (false, [5, 0, 5, 8, 0, 1], "PROXY_UNREACHABLE, no, server"),
    ] as [(Bool, [UInt8], String)])
  func `what a SOCKS proxy answers`(login: Bool, answer: [UInt8], expected: String) {
    #expect(outcome(.socks5h, login: login, answer) == expected)
  }

  @Test(arguments: [
    ("200\r\n: x\r\n\r\n", "PROXY_PROTOCOL, no, proxy"),
    ("200\r\nabc\r\n\r\n", "PROXY_PROTOCOL, no, proxy"),
    ("200 a\0b\r\n\r\n", "PROXY_PROTOCOL, no, proxy"), ("099\r\n\r\n", "PROXY_PROTOCOL, no, proxy"),
    ("600\r\n\r\n", "PROXY_PROTOCOL, no, proxy"),
    (
      "200\r\nA: \(String(repeating: "b", count: ConnectDialogue.headerLimit))",
      "PROXY_PROTOCOL, no, proxy"
    ),
    ("401\r\n\r\n", "PROXY_LOGIN, no, request"), ("407\r\n\r\n", "PROXY_LOGIN, no, request"),
    ("403\r\n\r\n", "PROXY_REFUSED, no, request"),
    ("429\r\n\r\n", "PROXY_UNREACHABLE, safe, request"),
    ("501\r\n\r\n", "PROXY_REFUSED, no, request"), ("505\r\n\r\n", "PROXY_REFUSED, no, request"),
    ("502\r\n\r\n", "PROXY_UNREACHABLE, safe, request"),
  ])
  func `what an HTTP proxy answers`(answer: String, expected: String) {
    #expect(outcome(.http, login: false, Array("HTTP/1.1 \(answer)".utf8)) == expected)
  }

  /// The login of `proxy` is too short for this.
  @Test func `the schemes of a refusal do not repeat the password`() {
    let secret = Secret(Bytes.of("sesame"), FixedCryptography())
    for (scheme, isShown) in [("Digest", true), ("sesame", false)] {
      let dialogue = Proxy(kind: .http, host: [], port: 1, user: secret, password: secret).dialogue(
        to: name, FixedCryptography())
      let answer = "HTTP/1.1 407 no\r\nProxy-Authenticate: \(scheme) x\r\n\r\n"
      _ = play(dialogue, Array(answer.utf8), piece: 100)
      guard case .failed(let failure, .request) = dialogue.outcome else {
        Issue.record("no refusal")
        return
      }
      #expect(failure.message.contains("it offers \(scheme)") == isShown)
      #expect(!failure.message.contains("sesame"))
    }
  }

  private func isOpen(_ dialogue: any ProxyDialogue) -> Bool {
    if case .open = dialogue.outcome { return dialogue.wanted == 0 }
    return false
  }
}
