/// SOCKS 5 (RFC 1928) with the login of RFC 1929.
final class SOCKSDialogue: ProxyDialogue {
  private enum Part {
    case method
    case login
    /// Version, reply, a reserved octet, the type of an address.
    case reply
    /// The rest of that address, and a port.
    case nameLength
    case address
    case done
  }

  private(set) var wanted = 2
  private(set) var outcome: ProxyOutcome?
  private var part = Part.method
  private var output: Secret?
  private var input: [UInt8] = []
  private let target: ProxyTarget
  private let proxy: Proxy
  private let cryptography: any Cryptography

  init(with proxy: Proxy, to target: ProxyTarget, _ cryptography: any Cryptography) {
    self.target = target
    self.proxy = proxy
    self.cryptography = cryptography
    // 0 is no login, 2 user name and password.
    output = Secret(proxy.user == nil ? [5, 1, 0] : [5, 2, 0, 2], cryptography)
  }

  func takeOutput() -> Secret? { output.take() }

  func receive(_ octets: [UInt8]) {
    input += octets
    wanted = max(0, wanted - octets.count)
    guard wanted == 0, outcome == nil else { return }
    let whole = input
    input = []
    step(whole)
  }

  private func step(_ octets: [UInt8]) {
    switch part {
    case .method: chosen(octets)
    case .login: loggedIn(octets)
    case .reply: replied(octets)
    case .nameLength: expect(.address, (octets.first.map { Int($0) } ?? 0) + 2)
    case .address: finish(.open)
    case .done: break
    }
  }

  private func expect(_ next: Part, _ count: Int) {
    part = next
    wanted = count
  }

  private func finish(_ outcome: ProxyOutcome) {
    expect(.done, 0)
    self.outcome = outcome
  }

  // MARK: The parts

  private func chosen(_ octets: [UInt8]) {
    guard octets.first == 5 else { return violated() }
    switch octets.last {
    case 0: request()
    case 2:
      guard let user = proxy.user else { return violated() }
      let secret = proxy.password?.bytes ?? []
      output = Secret.joined(
        [
          [1, UInt8(truncatingIfNeeded: user.bytes.count)], user.bytes[...],
          [UInt8(truncatingIfNeeded: secret.count)], secret[...],
        ], cryptography)
      expect(.login, 2)
    case 0xFF:
      refuse(
        proxy.user == nil
          ? "the proxy demands a login: set proxy_user and proxy_password"
          : "the proxy takes no login with user name and password", .proxyLogin, .request)
    default: violated()
    }
  }

  private func loggedIn(_ octets: [UInt8]) {
    // Some servers answer with the version of SOCKS.
    guard octets.first == 1 || octets.first == 5 else { return violated() }
    guard octets.last == 0 else {
      return refuse("the proxy refused proxy_user and proxy_password", .proxyLogin, .request)
    }
    request()
  }

  private func request() {
    var address: [UInt8]
    switch target.octets.count {
    case 4: address = [1] + target.octets
    case 16: address = [4] + target.octets
    default:
      let name = target.host.prefix(255)
      address = [3, UInt8(truncatingIfNeeded: name.count)] + name
    }
    address += [
      UInt8(truncatingIfNeeded: target.port >> 8), UInt8(truncatingIfNeeded: target.port),
    ]
    output = Secret([5, 1, 0] + address, cryptography)
    expect(.reply, 4)
  }

  private func replied(_ octets: [UInt8]) {
    guard octets.count == 4, octets[0] == 5 else { return violated() }
    guard octets[1] == 0 else { return refused(octets[1]) }
    switch octets[3] {
    case 1: expect(.address, 4 + 2)
    case 3: expect(.nameLength, 1)
    case 4: expect(.address, 16 + 2)
    default: violated()
    }
  }

  /// RFC 1928 section 6.
  private func refused(_ code: UInt8) {
    let (reason, retry): (StaticString, Retry) =
      switch code {
      case 1: ("general failure", .safe)
      case 2: ("not allowed by the rules of the proxy", .no)
      case 3: ("network unreachable", .safe)
      case 4: ("host unreachable", .safe)
      case 5: ("connection refused", .safe)
      case 6: ("time to live expired", .safe)
      case 7: ("the proxy makes no connections", .no)
      case 8: ("the proxy has no addresses of this kind", .no)
      default: ("not known", .no)
      }
    let answer: ErrorText = "SOCKS reply \(code): \(ErrorText(stringLiteral: reason))"
    let failure = Failure.proxy(
      "the proxy did not connect to \(Bytes.printable(target.authority)): \(answer)",
      code == 2 || code == 7 ? .proxyRefused : .proxyUnreachable, retry: retry)
    finish(.failed(failure, code == 7 ? .request : .server))
  }

  private func refuse(_ text: ErrorText, _ kind: FailureKind, _ blame: ProxyBlame) {
    finish(.failed(.proxy(text, kind), blame))
  }

  private func violated() {
    refuse("the proxy does not speak SOCKS 5 (RFC 1928)", .proxyProtocol, .proxy)
  }
}
