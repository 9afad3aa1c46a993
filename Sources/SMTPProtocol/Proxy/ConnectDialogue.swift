/// CONNECT (RFC 9110 section 9.3.6) to an HTTP/1.1 proxy, with the login of RFC 7617.
final class ConnectDialogue: ProxyDialogue {
  /// Octets of all headers together.
  static let headerLimit = 16_384
  /// "HTTP/1.1 200", which is nothing without the end of the header.
  private static let shortestStatus = 12

  private(set) var outcome: ProxyOutcome?
  private var output: Secret?
  private let target: ProxyTarget
  /// In base64.
  private let login: Secret?
  private let proxy: Proxy

  private var line: [UInt8] = []
  private var status: [UInt8] = []
  private var code = 0
  private var received = 0
  /// What the proxy offers for a login.
  private var schemes: [UInt8] = []

  init(with proxy: Proxy, to target: ProxyTarget, _ cryptography: any Cryptography) {
    self.target = target
    self.proxy = proxy
    let colon: [UInt8] = [.colon]
    login = proxy.user.map {
      let plain = Secret.joined(
        [$0.bytes[...], colon[...], proxy.password?.bytes[...] ?? []], cryptography)
      return Secret(cryptography.base64Encode(plain.bytes), cryptography)
    }
    let place = ErrorText(bytes: target.authority)
    let head: ErrorText = "CONNECT \(place) HTTP/1.1\r\nHost: \(place)\r\n"
    let (field, end) = (Bytes.of("Proxy-Authorization: Basic "), [UInt8.cr, .lf, .cr, .lf])
    output =
      if let login {
        Secret.joined([head.bytes[...], field[...], login.bytes[...], end[...]], cryptography)
      } else {
        Secret.joined([head.bytes[...], end[2...]], cryptography)
      }
  }

  func takeOutput() -> Secret? { output.take() }

  /// An empty line ends the header. Before it there are one octet or two at least, and more at
  /// the beginning.
  var wanted: Int {
    if outcome != nil { return 0 }
    if status.isEmpty { return max(2, Self.shortestStatus + 2 - line.count) }
    return line.isEmpty || line == [.cr] ? 1 : 2
  }

  func receive(_ octets: [UInt8]) {
    for octet in octets where outcome == nil {
      received += 1
      if received > Self.headerLimit {
        violated("the header of the proxy is too long")
      } else if octet == .lf {
        let whole = line.last == .cr ? line.dropLast() : line[...]
        line = []
        take(whole)
      } else {
        line.append(octet)
      }
    }
  }

  private func take(_ line: ArraySlice<UInt8>) {
    if status.isEmpty { return takeStatus(line) }
    if line.isEmpty { return end() }
    // A line that begins with a blank continues the one before (RFC 9112 section 5.2).
    if line.first == .space || line.first == .tab { return }
    let name = line.prefix { $0 != .colon }
    guard !name.isEmpty, name.count < line.count else { return violated() }
    if Bytes.equalIgnoringCase(Array(name), Bytes.of("Proxy-Authenticate")) {
      let value = Bytes.trimmed(line.dropFirst(name.count + 1))
      schemes += (schemes.isEmpty ? [] : Bytes.of(", ")) + value.prefix { $0 != .space }
    }
  }

  /// `HTTP/1.1 200 Connection established`; the words after the number may be missing.
  private func takeStatus(_ line: ArraySlice<UInt8>) {
    let words = line.split(separator: .space, maxSplits: 2, omittingEmptySubsequences: false)
    // As long as `shortestStatus`: before the end of the header no octet of the server is read.
    guard words.count >= 2, words[0].count == 8, words[0].starts(with: Bytes.of("HTTP/1.")),
      words[1].count == 3, (words[0].suffix(1) + words[1]).allSatisfy({ Bytes.isDigit($0) }),
      !line.contains(0)
    else { return violated() }
    code = words[1].reduce(0) { $0 * 10 + Int($1 - .digitZero) }
    guard (100..<600).contains(code) else { return violated() }
    status = Array(line)
  }

  private func end() {
    switch code {
    case 100..<200:
      // An interim response; the real one follows (RFC 9110 section 15.2).
      status = []
    case 200..<300: outcome = .open
    default: refused()
    }
  }

  private func refused() {
    let masked = Array(status.prefix(Self.shortestStatus)) + [.space] + Command.mask
    let answer = isSecret(status) ? masked : status
    let shown = Bytes.printable(Array(answer.dropFirst(9)))
    var text: ErrorText =
      "the proxy did not connect to \(Bytes.printable(target.authority)): it answered \(shown)"
    // 401 is for servers, but some proxies send it when a password is wrong.
    let isLogin = code == 407 || code == 401
    if isLogin {
      text +=
        login == nil
        ? "; set proxy_user and proxy_password" : "; it refused proxy_user and proxy_password"
      if !schemes.isEmpty, !isSecret(schemes) {
        text += " (it offers \(Bytes.printable(schemes)); only Basic is supported)"
      }
    }
    // What a proxy says of the server or of itself may be different later (RFC 9110 section 15.6).
    let isPassing = code == 408 || code == 429 || (code >= 500 && code != 501 && code != 505)
    let reply = Reply(code: code, text: answer).shortened
    let kind: FailureKind =
      isLogin ? .proxyLogin : isPassing ? .proxyUnreachable : .proxyRefused
    outcome = .failed(.proxy(text, kind, retry: isPassing ? .safe : .no, reply: reply), .request)
  }

  /// Some proxies repeat what they were sent.
  private func isSecret(_ text: [UInt8]) -> Bool {
    login?.isPart(of: text, atLeast: 4) == true
      || proxy.password?.isPart(of: text, atLeast: 4) == true
  }

  private func violated(_ text: ErrorText = "the proxy does not speak HTTP/1.1") {
    outcome = .failed(.proxy(text, .proxyProtocol), .proxy)
  }
}
