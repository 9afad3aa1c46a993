import SMTPProtocol
import SMTPTransport

/// The settings of sockets that the library connects.
extension Options {
  var socketSettings: SocketSettings {
    let settings = SocketSettings()
    settings.family = addressFamily
    settings.localAddress = localAddress.flatMap {
      SocketAddress(numeric: $0, port: UInt16(truncatingIfNeeded: localPort))
    }
    settings.keepaliveIdle = tcpKeepaliveIdle
    settings.keepaliveInterval = tcpKeepaliveInterval
    settings.keepaliveCount = tcpKeepaliveCount
    settings.receiveBuffer = receiveBufferSize
    settings.sendBuffer = sendBufferSize
    return settings
  }

  /// No setting is accepted and then ignored.
  func validateNetwork() throws(Failure) {
    if pipe != nil { try refuseSockets() }
    try validateProxy()
    let keepsAlive = tcpKeepaliveIdle != 0 || tcpKeepaliveInterval != 0 || tcpKeepaliveCount != 0
    if socketPath != nil, keepsAlive || addressFamily != .any {
      throw Failure(
        .options, "socket_path needs no tcp_keepalive option and no address_family; unset them")
    }
    let isSet = keepsAlive || receiveBufferSize != 0 || sendBufferSize != 0
    if connectedSocket != nil, isSet || addressFamily != .any {
      throw Failure(
        .options,
        "connection is connected; address_family, the tcp_keepalive options and the buffer sizes"
          + " cannot apply to it: set them on the socket before")
    }
    guard addressFamily != .any else { return }
    // A proxy may have other addresses than this machine.
    if proxy?.resolves != true, !proxyFromEnvironment { try checkFamily(of: host, "host") }
    try checkFamily(of: localAddress, "local_address")
    if let socket, !socket.isOf(addressFamily) {
      throw Failure(.options, "socket is not of the family that address_family names")
    }
  }

  /// What says how to connect says nothing to a connection without a socket. Host and port have
  /// another meaning too: the name in the certificate, and `secure`.
  private func refuseSockets() throws(Failure) {
    let refused: [(option: ErrorText, isSet: Bool)] = [
      ("socket", socket != nil), ("connection", connectedSocket != nil),
      ("socket_path", socketPath != nil), ("proxy", proxy != nil),
      ("proxy_from_environment", proxyFromEnvironment), ("local_address", localAddress != nil),
      ("local_port", localPort != 0), ("address_family", addressFamily != .any),
      ("tcp_keepalive_idle", tcpKeepaliveIdle != 0),
      ("tcp_keepalive_interval", tcpKeepaliveInterval != 0),
      ("tcp_keepalive_count", tcpKeepaliveCount != 0),
      ("receive_buffer_size", receiveBufferSize != 0),
      ("send_buffer_size", sendBufferSize != 0),
      ("dns_timeout", limits[.dns] != Limit.dns.standard),
    ]
    for (option, isSet) in refused where isSet {
      throw Failure(.options, "\(option) cannot apply to a connection without a socket; unset it")
    }
  }

  private func checkFamily(of value: [UInt8]?, _ option: ErrorText) throws(Failure) {
    guard let value, let address = SocketAddress(numeric: value, port: 0),
      !addressFamily.allows(address)
    else { return }
    throw Failure(
      .options,
      "\(option) is an address that address_family excludes: \(Bytes.printable(value))")
  }
}
