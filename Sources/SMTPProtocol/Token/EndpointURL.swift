/// The URL of a token endpoint: `https://host[:port]/path`. `http` is accepted for
/// this machine only, since refresh tokens and secrets are sent there.
///
/// OpenSSL's OSSL_HTTP_parse_url does not serve here. It accepts a URL without a scheme, user
/// information, empty hosts, spaces and DEL; it takes the query after a host for a part of the
/// host, and refuses "HTTPS:" and "@" or ":" in a query. The checks below would remain.
package struct EndpointURL {
  package let text: [UInt8]
  package let host: [UInt8]
  package let port: Int
  package let path: [UInt8]
  package let isSecure: Bool

  package init?(_ text: [UInt8]) {
    self.text = text
    guard text.count <= 2048, text.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
    let rest: ArraySlice<UInt8>
    if Bytes.equalIgnoringCase(Array(text.prefix(8)), Bytes.of("https://")) {
      isSecure = true
      rest = text.dropFirst(8)
    } else if Bytes.equalIgnoringCase(Array(text.prefix(7)), Bytes.of("http://")) {
      isSecure = false
      rest = text.dropFirst(7)
    } else {
      return nil
    }
    let authority = rest.prefix { $0 != .slash && $0 != .question && $0 != .hash }
    let tail = rest.dropFirst(authority.count).prefix { $0 != .hash }
    path = tail.first == .slash ? Array(tail) : [.slash] + tail
    let standard = isSecure ? 443 : 80
    guard let (host, port) = Self.split(Array(authority), standard) else { return nil }
    self.host = host
    self.port = port
    if !isSecure, !Self.isThisMachine(host) { return nil }
  }

  /// As the Host header writes it.
  package var authority: [UInt8] {
    port == (isSecure ? 443 : 80) ? Self.bracketed(host) : Self.authority(host, port)
  }

  /// RFC 3986 section 3.2.2: an IPv6 address is in brackets.
  private static func bracketed(_ host: [UInt8]) -> [UInt8] {
    host.contains(.colon) ? [.openBracket] + host + [.closeBracket] : host
  }

  static func authority(_ host: [UInt8], _ port: Int) -> [UInt8] {
    bracketed(host) + [.colon] + Bytes.decimal(port)
  }

  /// Host and port of an authority without user information.
  static func split(_ authority: [UInt8], _ standardPort: Int) -> (host: [UInt8], port: Int)? {
    var host = authority
    var port = standardPort
    if host.contains(.at) { return nil }
    let afterBracket = host.lastIndex(of: .closeBracket) ?? -1
    if let colon = host.lastIndex(of: .colon), colon > afterBracket {
      let digits = host[(colon + 1)...]
      guard (1...5).contains(digits.count), digits.allSatisfy({ Bytes.isDigit($0) }) else {
        return nil
      }
      port = digits.reduce(0) { $0 * 10 + Int($1 - .digitZero) }
      host = Array(host[..<colon])
    }
    if host.first == .openBracket, host.last == .closeBracket {
      host = Array(host.dropFirst().dropLast())
      guard AddressLiteral.isIPv6(host) else { return nil }
    } else if !Domain.isValid(host) {
      return nil
    }
    return (1...65535).contains(port) ? (host, port) : nil
  }

  private static func isThisMachine(_ host: [UInt8]) -> Bool {
    Bytes.equalIgnoringCase(host, Bytes.of("localhost")) || host == Bytes.of("::1")
      || (AddressLiteral.isIPv4(host) && host.prefix(4) == Bytes.of("127.")[...])
  }
}
