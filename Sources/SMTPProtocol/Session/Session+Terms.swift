/// What a session is told at the start, and what it tells.
extension Session {
  package enum TLSPolicy {
    case never, ifOffered, required
    /// As `ifOffered`, and a server that offers and refuses is not left.
    case opportunistic
  }

  package struct Configuration {
    package var name: [UInt8]
    package var tlsPolicy: TLSPolicy
    /// TLS was there before the greeting.
    package var isSecure: Bool
    /// Whether commands and replies are put into `log`.
    package var tracesDialogue: Bool
    /// LMTP (RFC 2033) instead of SMTP.
    package var isLMTP = false
    /// TLS comes with a certificate that was verified.
    package var verifiesPeer = true

    package init(name: [UInt8], tlsPolicy: TLSPolicy, isSecure: Bool, tracesDialogue: Bool) {
      self.name = name
      self.tlsPolicy = tlsPolicy
      self.isSecure = isSecure
      self.tracesDialogue = tracesDialogue
    }
  }

  /// How far the connection can be trusted.
  struct Security {
    var isSecure: Bool
    var isVerified: Bool
  }

  /// What the driver is told, in this order, after it gave a reply.
  package enum Event {
    case startTLS
    case opened
    case loginDone(Failure?)
    /// The server waits for content: write it, then call `contentWritten`.
    case contentWanted
    case sendDone(Outcome)
    case resetDone(Failure?)
    case quitDone
    /// The connection is of no use any more.
    case failed(Failure)
  }

  package struct LogEntry {
    package enum Direction { case client, server }
    package let direction: Direction
    package let text: [UInt8]
  }
}
