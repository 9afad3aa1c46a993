import SMTPProtocol
import SMTPTransport

/// Which connections go through a proxy: decided when a connection is opened.
struct ProxyRule {
  private let proxy: Proxy?
  private let exceptions: ProxyExceptions

  /// For options that name none.
  init() {
    proxy = nil
    exceptions = ProxyExceptions([])
  }

  init(_ options: Options) throws(Failure) {
    if options.proxyFromEnvironment, let text = Environment.value("all_proxy", or: "ALL_PROXY") {
      // curl's rule: without a scheme it is an HTTP proxy.
      let hasScheme = Bytes.contains(text, Bytes.of("://"))
      let url = Proxy(hasScheme ? text : Bytes.of("http://") + text, OpenSSLCryptography())
      guard let url else { throw Proxy.refusal("all_proxy in the environment") }
      proxy = try options.checked(url, "all_proxy")
      exceptions = ProxyExceptions(Environment.value("no_proxy", or: "NO_PROXY") ?? [])
    } else {
      proxy = try options.proxy.map { (url) throws(Failure) in try options.checked(url, "proxy") }
      exceptions = ProxyExceptions([])
    }
  }

  func proxy(for host: [UInt8]) -> Proxy? { exceptions.contains(host) ? nil : proxy }
}

extension Proxy {
  /// The value is not shown: it may hold a password.
  static func refusal(_ option: ErrorText) -> Failure {
    Failure(
      .options,
      "\(option) must be socks5://, socks5h://, http:// or https:// with a host, as in"
        + " socks5h://proxy.example:1080, and a user and a password in front of it at most, with"
        + " other characters than letters and digits as %40 for @")
  }
}

extension Options {
  /// The proxy with its login, if nothing contradicts.
  fileprivate func checked(_ url: Proxy, _ option: ErrorText) throws(Failure) -> Proxy {
    if (url.user != nil && proxyUser != nil) || (url.password != nil && proxyPassword != nil) {
      throw Failure(
        .options, "\(option) has what proxy_user or proxy_password has too; set only one")
    }
    let proxy = url.adding(user: proxyUser, password: proxyPassword)
    if let user = proxy.user, proxy.kind == .http || proxy.kind == .https,
      user.bytes.contains(.colon)
    {
      throw Failure(
        .options, "proxy_user must not contain a colon with an HTTP proxy (RFC 7617 section 2)")
    }
    if proxy.user == nil, proxy.password != nil {
      throw Failure(.options, "proxy_password needs proxy_user, or a user in \(option)")
    }
    if let address = SocketAddress(numeric: proxy.host, port: 0), !addressFamily.allows(address) {
      throw Failure(.options, "\(option) is at an address that address_family excludes")
    }
    if effectiveHost.contains(.percent) {
      throw Failure(
        .options,
        "host must not name an interface of this machine, as after %, with a proxy: it connects"
          + " from its own")
    }
    return proxy
  }
}
