/// What ties a login to the TLS connection that it is made on (RFC 5056): whoever relays the login
/// over another connection has other octets there.
package enum ChannelBinding {
  /// No TLS, none that is defined for this connection, or none is wanted.
  case none
  case available(Kind, [UInt8])
  /// The option demands one that this connection does not have.
  case missing(Kind)

  package enum Kind: CaseIterable {
    /// RFC 9266, for TLS 1.3.
    case exporter
    /// RFC 5929 section 3: the first Finished message of the handshake. RFC 9266 section 3
    /// restricts it to TLS 1.2 with the extended master secret.
    case unique
    /// RFC 5929 section 4: a digest of the server's certificate.
    case endPoint

    package var name: [UInt8] {
      switch self {
      case .exporter: Bytes.of("tls-exporter")
      case .unique: Bytes.of("tls-unique")
      case .endPoint: Bytes.of("tls-server-end-point")
      }
    }

    package init?(_ name: [UInt8]) {
      guard let kind = Self.allCases.first(where: { $0.name == name }) else { return nil }
      self = kind
    }
  }

  /// Which one to use.
  package enum Choice {
    /// The best that the connection has.
    case automatic
    case off
    case only(Kind)
  }

  /// There is one, or there must be.
  package var isWanted: Bool {
    if case .none = self { false } else { true }
  }
}
