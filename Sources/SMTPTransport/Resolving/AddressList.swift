/// The addresses of a name, each once, in the order of preference that getaddrinfo gives
/// (RFC 6724).
///
/// The owner of a name decides how many it has, and each one that is kept costs a comparison
/// with every later one and may cost an attempt to connect. So their number is bounded, for
/// each family separately, so that one family does not displace the other. RFC 5321 section
/// 5.1 leaves such a limit to the client.
struct AddressList {
  static let limitOfFamily = 32
  /// Further entries are ignored: a response may repeat a few addresses for ever.
  static let lookLimit = 1024

  private(set) var addresses: [SocketAddress] = []
  private var seen = 0
  private var countOfIPv6 = 0

  private var countOfOthers: Int { addresses.count - countOfIPv6 }

  var isFull: Bool {
    seen >= Self.lookLimit
      || (countOfIPv6 >= Self.limitOfFamily && countOfOthers >= Self.limitOfFamily)
  }

  mutating func add(_ address: SocketAddress) {
    seen += 1
    let isIPv6 = address.isIPv6
    guard (isIPv6 ? countOfIPv6 : countOfOthers) < Self.limitOfFamily,
      !addresses.contains(where: { $0.isEqual(to: address) })
    else { return }
    if isIPv6 { countOfIPv6 += 1 }
    addresses.append(address)
  }
}
