package import SMTPProtocol
import SMTPTransport

/// The settings of a proxy.
extension Options {
  package mutating func setProxy(_ value: [UInt8]?) throws(Failure) {
    proxy = try value.map { (text) throws(Failure) in
      guard let url = Proxy(text, OpenSSLCryptography()) else {
        throw Proxy.refusal("proxy")
      }
      return url
    }
  }

  package mutating func setProxyUser(_ value: [UInt8]?) throws(Failure) {
    proxyUser = try Self.login(value, "proxy_user", least: 1)
  }

  package mutating func setProxyPassword(_ value: [UInt8]?) throws(Failure) {
    proxyPassword = try Self.login(value, "proxy_password", least: 0)
  }

  /// The value is not shown in the error.
  private static func login(
    _ value: [UInt8]?, _ option: ErrorText, least: Int
  ) throws(Failure) -> Secret? {
    guard let value else { return nil }
    guard value.count >= least, Proxy.isLogin(value) else {
      throw Failure(.options, "\(option) must be \(least) to 255 octets without control characters")
    }
    return Secret(value, OpenSSLCryptography())
  }

  func validateProxy() throws(Failure) {
    guard proxy != nil || proxyFromEnvironment else {
      if proxyUser != nil || proxyPassword != nil {
        throw Failure(.options, "proxy_user and proxy_password need proxy")
      }
      return
    }
    if proxy != nil, proxyFromEnvironment {
      throw Failure(.options, "proxy and proxy_from_environment are both set; set only one")
    }
    if socketPath != nil || socket != nil || connectedSocket != nil {
      throw Failure(
        .options,
        "socket_path, socket and connection do not go through a proxy; unset proxy and"
          + " proxy_from_environment")
    }
    // The environment is read when a connection is opened.
    if proxy != nil { _ = try ProxyRule(self) }
  }
}
