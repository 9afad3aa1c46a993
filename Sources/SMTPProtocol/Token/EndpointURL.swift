/// The URL of a token endpoint: `https://host[:port]/path`. `http` is accepted for
/// this machine only, since refresh tokens and secrets are sent there.
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
    let authority = rest.prefix { $0 != 0x2F && $0 != 0x3F && $0 != 0x23 }
    let tail = rest.dropFirst(authority.count).prefix { $0 != 0x23 }
    path = tail.first == 0x2F ? Array(tail) : [0x2F] + tail
    guard let (host, port) = Self.split(Array(authority), isSecure: isSecure) else { return nil }
    self.host = host
    self.port = port
    if !isSecure, !Self.isThisMachine(host) { return nil }
  }

  /// As the Host header writes it.
  package var authority: [UInt8] {
    let name = host.contains(0x3A) ? [0x5B] + host + [0x5D] : host
    return port == (isSecure ? 443 : 80) ? name : name + [0x3A] + Bytes.decimal(port)
  }

  private static func split(_ authority: [UInt8], isSecure: Bool) -> (host: [UInt8], port: Int)? {
    var host = authority
    var port = isSecure ? 443 : 80
    if host.contains(0x40) { return nil }
    let afterBracket = host.lastIndex(of: 0x5D) ?? -1
    if let colon = host.lastIndex(of: 0x3A), colon > afterBracket {
      let digits = host[(colon + 1)...]
      guard (1...5).contains(digits.count), digits.allSatisfy({ Bytes.isDigit($0) }) else {
        return nil
      }
      port = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
      host = Array(host[..<colon])
    }
    if host.first == 0x5B, host.last == 0x5D {
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
