import SMTPProtocol

/// The name that the server's certificate must have.
struct TLSPeerName {
  /// A DNS name without the final dot, or an IP address without brackets and
  /// scope.
  let text: [UInt8]
  let isAddress: Bool

  /// nil for what is neither. OpenSSL would check no name at all for "", only
  /// the beginning of one with a NUL, and any subdomain for one that starts
  /// with a dot.
  init?(_ name: [UInt8]) {
    if SocketAddress(numeric: name, port: 0) != nil {
      text = Array(name.drop { $0 == 0x5B }.prefix { $0 != 0x5D && $0 != 0x25 })
      isAddress = true
      return
    }
    let host = name.last == 0x2E ? Array(name.dropLast()) : name
    // RFC 1035 section 2.3.4.
    guard !host.isEmpty, host.count <= 253, host.first != 0x2E,
      host.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { return nil }
    text = host
    isAddress = false
  }
}
