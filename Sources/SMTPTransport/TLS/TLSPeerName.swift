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
      text = Array(
        name.drop { $0 == .openBracket }.prefix { $0 != .closeBracket && $0 != .percent })
      isAddress = true
      return
    }
    let host = name.last == .dot ? Array(name.dropLast()) : name
    // RFC 1035 section 2.3.4.
    guard !host.isEmpty, host.count <= 253, host.first != .dot,
      host.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { return nil }
    text = host
    isAddress = false
  }
}
