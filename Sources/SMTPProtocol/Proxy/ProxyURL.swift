/// `scheme://[user[:password]@]host[:port][/]` (RFC 3986 section 3).
extension Proxy {
  /// nil for anything else, and for user information that no proxy can be sent.
  package convenience init?(_ url: [UInt8], _ cryptography: any Cryptography) {
    let whole = Secret(url, cryptography)
    guard (1...2048).contains(url.count), url.allSatisfy({ (0x21...0x7E).contains($0) }),
      let (kind, port, length) = Self.scheme(of: url)
    else { return nil }
    let rest = url.dropFirst(length)
    let authority = rest.prefix { $0 != .slash && $0 != .question && $0 != .hash }
    let tail = rest.dropFirst(authority.count)
    guard tail.isEmpty || tail == [.slash] else { return nil }
    var place = authority
    var (user, password): (Secret?, Secret?)
    if let at = authority.lastIndex(of: .at) {
      place = authority[(at + 1)...]
      let name = authority[..<at].prefix { $0 != .colon }
      let word = authority[..<at].dropFirst(name.count)
      user = Self.decoded(name, cryptography)
      if !word.isEmpty { password = Self.decoded(word.dropFirst(), cryptography) }
      guard let user, !user.bytes.isEmpty, word.isEmpty || password != nil else { return nil }
    }
    guard let (host, number) = EndpointURL.split(Array(place), port) else { return nil }
    self.init(
      kind: kind, host: host, port: number, user: user, password: password,
      text: Array(url.prefix(length)) + place + tail, whole: whole)
  }

  /// With the standard port, and the length with "://".
  private static func scheme(of url: [UInt8]) -> (Kind, Int, Int)? {
    let schemes: [(StaticString, Kind, Int)] = [
      ("socks5://", .socks5, 1080), ("socks5h://", .socks5h, 1080), ("http://", .http, 80),
      ("https://", .https, 443),
    ]
    for (name, kind, port) in schemes {
      let name = Bytes.of(name)
      if Bytes.equalIgnoringCase(Array(url.prefix(name.count)), name) {
        return (kind, port, name.count)
      }
    }
    return nil
  }

  /// RFC 3986 section 2.1.
  private static func decoded(
    _ text: ArraySlice<UInt8>, _ cryptography: any Cryptography
  ) -> Secret? {
    let result = Secret(capacity: text.count, cryptography)
    var rest = text
    while let octet = rest.popFirst() {
      guard octet == .percent else {
        result.append(octet)
        continue
      }
      guard rest.count >= 2, let value = Bytes.value(ofHexadecimal: rest.prefix(2)) else {
        return nil
      }
      result.append(UInt8(truncatingIfNeeded: value))
      rest = rest.dropFirst(2)
    }
    return isLogin(result.bytes) ? result : nil
  }

  /// RFC 1929 section 2 for the length, RFC 7617 section 2 for control characters.
  package static func isLogin(_ text: [UInt8]) -> Bool {
    text.count <= 255 && !text.contains { Bytes.isControl($0) }
  }
}

/// Hosts that are reached without a proxy, as `no_proxy` names them: separated by commas; "*" for
/// all; else the host itself, or a suffix of it at a dot. A dot in front of an entry means nothing.
package struct ProxyExceptions {
  private let list: [UInt8]

  package init(_ list: [UInt8]) { self.list = list }

  package func contains(_ host: [UInt8]) -> Bool {
    let host = host.last == .dot ? Array(host.dropLast()) : host
    let isAddress = host.contains(.colon) || AddressLiteral.isIPv4(host)
    for part in list.split(separator: .comma) {
      var entry = Bytes.trimmed(part)
      if entry == [UInt8(ascii: "*")] { return true }
      if entry.first == .dot { entry.removeFirst() }
      let rest = host.count - entry.count
      guard !entry.isEmpty, rest >= 0,
        Bytes.equalIgnoringCase(Array(host.suffix(entry.count)), entry)
      else { continue }
      if rest == 0 || (!isAddress && host[rest - 1] == .dot) { return true }
    }
    return false
  }
}
