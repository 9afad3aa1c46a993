import SMTPProtocol

/// The options of one connection, for all of its owners.
final class SharedOptions {
  private(set) var values: Options
  private(set) var proxies = ProxyRule()

  init(_ values: Options) { self.values = values }

  /// When the connection is opened: the environment may name a proxy.
  func chooseProxy() throws(Failure) { proxies = try ProxyRule(values) }

  /// Lets go of what the caller gave, which may call its release functions: those find
  /// the options empty.
  func release() {
    let kept = values
    values = Options()
    proxies = ProxyRule()
    withExtendedLifetime(kept) {}
  }
}
