/// What a session is told at the start, and what it tells.
extension Session {
  package enum TLSPolicy {
    case never, ifOffered, required
    /// As `ifOffered`, and a server that offers and refuses is not left.
    case opportunistic
  }

  /// Whether content travels in chunks (RFC 3030). The numbers of `enum
  /// smtpconn_chunking`.
  package enum Chunking: Int32 {
    case off = 0
    /// When the server offers it, once somebody was accepted.
    case on = 1
    /// Small messages go out with their envelopes, several at a time.
    case optimistic = 2
  }

  /// Whether the initial response of a mechanism goes with the AUTH command. The numbers
  /// are those of the option.
  package enum InitialResponse: Int32 {
    /// When the mechanism has one and the line does not become too long.
    case automatic = -1
    case never = 0
    case always = 1
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
    package var chunking = Chunking.off
    /// Keywords of EHLO that are taken no notice of, in upper case.
    package var ignored: [[UInt8]] = []
    package var initialResponse = InitialResponse.automatic
    /// EHLO is said again after a login.
    package var renewsHello = false

    package init(name: [UInt8], tlsPolicy: TLSPolicy, isSecure: Bool, tracesDialogue: Bool) {
      self.name = name
      self.tlsPolicy = tlsPolicy
      self.isSecure = isSecure
      self.tracesDialogue = tracesDialogue
    }
  }

  /// When the next chunk of a message may follow.
  package enum ContentTurn {
    case now
    /// The reply to the one before has to come first.
    case later
    /// The server has refused the message, or a part of it.
    case never
  }

  /// What `send` has written.
  package enum Sending {
    /// Nothing.
    case nothing
    /// The envelope.
    case envelope
    /// The envelope and the beginning of a chunk: all of the content is to follow at once.
    case beforeContent
  }

  /// How far the connection can be trusted.
  struct Security {
    var isSecure: Bool
    var isVerified: Bool
  }

  /// What the driver is told.
  package enum Event {
    /// The server has said 220: it is there, and willing.
    case greeted
    /// The dialogue goes on with `secured` when TLS is up.
    case startTLS
    case opened
    case loginDone(Failure?)
    /// The server waits for content: `append` puts it into the output. In chunks `beginChunk`
    /// goes before each; else `contentEnded` says where it ends.
    case contentWanted(inChunks: Bool)
    case sendDone(Outcome)
    case resetDone(Failure?)
    case quitDone
    /// What is in the output is a last QUIT, to be written if that is possible at once.
    case farewell
    /// The connection is of no use any more, and `abort` ends what is still under way.
    /// `isDoubtful`: nobody knows whether a message that has ended already has arrived.
    case failed(Failure, isDoubtful: Bool)
  }

  package struct LogEntry {
    package enum Direction { case client, server }
    package let direction: Direction
    package let text: [UInt8]
  }
}
