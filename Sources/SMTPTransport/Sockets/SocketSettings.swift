import CSystem

/// The addresses that may be used. The numbers are those of `enum smtpconn_address_family`.
package enum AddressFamily: Int32, Sendable {
  case any = 0
  case ipv4, ipv6

  /// For getaddrinfo.
  var number: Int32 {
    switch self {
    case .any: AF_UNSPEC
    case .ipv4: AF_INET
    case .ipv6: AF_INET6
    }
  }

  package func allows(_ address: SocketAddress) -> Bool {
    self == .any || address.family == number
  }
}

/// What the options say of a socket before it connects. 0 leaves a number to the system.
package final class SocketSettings {
  package var family = AddressFamily.any
  package var localAddress: SocketAddress?
  /// Seconds until the first probe, and between two; and how many without an answer end the
  /// connection.
  package var keepaliveIdle = 0
  package var keepaliveInterval = 0
  package var keepaliveCount = 0
  /// Octets.
  package var receiveBuffer = 0
  package var sendBuffer = 0

  package init() {}

  /// Before connect: the window that TCP announces then depends on the buffer (RFC 7323
  /// section 2).
  func apply(to descriptor: Int32, isInternet: Bool) throws(Errno) {
    try set(descriptor, SOL_SOCKET, SO_RCVBUF, receiveBuffer)
    try set(descriptor, SOL_SOCKET, SO_SNDBUF, sendBuffer)
    guard isInternet else { return }
    System.tuneInternetSocket(descriptor)
    let level = Int32(IPPROTO_TCP)
    try set(descriptor, level, TCP_KEEPIDLE, keepaliveIdle)
    try set(descriptor, level, TCP_KEEPINTVL, keepaliveInterval)
    try set(descriptor, level, TCP_KEEPCNT, keepaliveCount)
  }

  private func set(
    _ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: Int
  ) throws(Errno) {
    guard value != 0 else { return }
    guard System.setOption(descriptor, level: level, name: name, Int32(clamping: value)) else {
      throw .current
    }
  }
}
