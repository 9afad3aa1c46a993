// Written by `make generated` from Sources/Options/options.json: change it there.

package import SMTPProtocol

extension Limit {
  package var optionName: String {
    switch self {
    case .dns: "dns_timeout"
    case .connection: "connection_timeout"
    case .greeting: "greeting_timeout"
    case .socket: "socket_timeout"
    case .command: "command_timeout"
    case .finalReply: "final_reply_timeout"
    case .quit: "quit_timeout"
    case .operation: "operation_timeout"
    }
  }

  /// The default, in milliseconds.
  package var standard: UInt32 {
    switch self {
    case .dns: 30_000
    case .connection: 120_000
    case .greeting: 30_000
    case .socket: 600_000
    case .command: 300_000
    case .finalReply: 600_000
    case .quit: 5_000
    case .operation: 3_600_000
    }
  }
}

extension Options {
  package mutating func setPort(_ value: Int) throws(Failure) {
    guard (0...65535).contains(value) else {
      throw Failure(.options, "port must be 0 to 65535, not \(value)")
    }
    port = value
  }

  package mutating func setLocalPort(_ value: Int) throws(Failure) {
    guard (0...65535).contains(value) else {
      throw Failure(.options, "local_port must be 0 to 65535, not \(value)")
    }
    localPort = value
  }

  package mutating func setTcpKeepaliveIdle(_ value: Int) throws(Failure) {
    guard (0...32767).contains(value) else {
      throw Failure(.options, "tcp_keepalive_idle must be 0 to 32767, not \(value)")
    }
    tcpKeepaliveIdle = value
  }

  package mutating func setTcpKeepaliveInterval(_ value: Int) throws(Failure) {
    guard (0...32767).contains(value) else {
      throw Failure(.options, "tcp_keepalive_interval must be 0 to 32767, not \(value)")
    }
    tcpKeepaliveInterval = value
  }

  package mutating func setTcpKeepaliveCount(_ value: Int) throws(Failure) {
    guard (0...127).contains(value) else {
      throw Failure(.options, "tcp_keepalive_count must be 0 to 127, not \(value)")
    }
    tcpKeepaliveCount = value
  }

  package mutating func setReceiveBufferSize(_ value: Int) throws(Failure) {
    guard (0...1073741823).contains(value) else {
      throw Failure(.options, "receive_buffer_size must be 0 to 1073741823, not \(value)")
    }
    receiveBufferSize = value
  }

  package mutating func setSendBufferSize(_ value: Int) throws(Failure) {
    guard (0...1073741823).contains(value) else {
      throw Failure(.options, "send_buffer_size must be 0 to 1073741823, not \(value)")
    }
    sendBufferSize = value
  }
}
