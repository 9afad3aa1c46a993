/// A proxy and the login there.
package final class Proxy {
  package enum Kind {
    /// RFC 1928: with the address of the server, or with its name.
    case socks5, socks5h
    /// CONNECT (RFC 9110 section 9.3.6), in the clear or under TLS with the proxy.
    case http, https
  }

  package let kind: Kind
  package let host: [UInt8]
  package let port: Int
  package let user: Secret?
  package let password: Secret?
  /// The URL without user and password, and with them: that is erased with this object.
  package let text: [UInt8]
  private let whole: Secret?

  package init(
    kind: Kind, host: [UInt8], port: Int, user: Secret?, password: Secret?, text: [UInt8] = [],
    whole: Secret? = nil
  ) {
    self.kind = kind
    self.host = host
    self.port = port
    self.user = user
    self.password = password
    self.text = text
    self.whole = whole
  }

  /// The same with what it does not have.
  package func adding(user: Secret?, password: Secret?) -> Proxy {
    if user == nil, password == nil { return self }
    return Proxy(
      kind: kind, host: host, port: port, user: self.user ?? user,
      password: self.password ?? password)
  }

  /// The proxy resolves the name of the server.
  package var resolves: Bool { kind != .socks5 }

  /// As in "proxy.example:1080".
  package var authority: [UInt8] { EndpointURL.authority(host, port) }

  package func dialogue(
    to target: ProxyTarget, _ cryptography: any Cryptography
  ) -> any ProxyDialogue {
    switch kind {
    case .socks5, .socks5h:
      SOCKSDialogue(with: self, to: target, cryptography)
    case .http, .https:
      ConnectDialogue(with: self, to: target, cryptography)
    }
  }
}

/// What a proxy is to connect to.
package final class ProxyTarget {
  let host: [UInt8]
  let port: Int
  /// Of an IP address: 4 octets, or 16. Empty when the proxy is to resolve the host.
  let octets: [UInt8]

  package init(host: [UInt8], port: Int, octets: [UInt8]) {
    self.host = host
    self.port = port
    self.octets = octets
  }

  /// As in "mail.example.com:25" or "[2001:db8::1]:25".
  package var authority: [UInt8] { EndpointURL.authority(host, port) }
}

/// What is said to a proxy, from the open connection until the octets are the server's.
package protocol ProxyDialogue: AnyObject {
  /// What is to be sent now, once.
  func takeOutput() -> Secret?
  /// How many octets may be read: never more than the proxy has still to send, since the octets
  /// after its last one are the server's. 0 when it is over.
  var wanted: Int { get }
  func receive(_ octets: [UInt8])
  /// nil until it is over.
  var outcome: ProxyOutcome? { get }
}

package enum ProxyOutcome {
  /// The next octet is the server's.
  case open
  case failed(Failure, ProxyBlame)
}

/// What may be tried instead.
package enum ProxyBlame {
  /// Another address of the server.
  case server
  /// Another address of the proxy: this one does not do what a proxy does.
  case proxy
  /// Nothing: the proxy would say the same again.
  case request
}

extension Failure {
  /// About the dialogue with a proxy.
  package static func proxy(
    _ text: ErrorText, _ kind: FailureKind, retry: Retry = .no, reply: Reply? = nil
  ) -> Failure {
    var failure = Failure(.proxy, text, command: "CONN", phase: .proxy, retry: retry, kind: kind)
    failure.reply = reply
    return failure
  }
}
