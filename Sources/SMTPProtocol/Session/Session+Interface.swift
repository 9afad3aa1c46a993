/// The configuration of a session, and its events.
extension Session {
  package enum TLSPolicy {
    case never, ifOffered, required
    /// As `ifOffered`, and the dialogue continues when the server refuses STARTTLS.
    case opportunistic
  }

  /// Whether content is sent in chunks (RFC 3030). The numbers of `enum
  /// smtpconn_chunking`.
  package enum Chunking: Int32 {
    case off = 0
    /// When the server offers it, after a recipient was accepted.
    case on = 1
    /// Small messages are sent with their envelopes, several at a time.
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
    /// Where the dialogue is written down.
    package var log: DialogueLog?
    /// LMTP (RFC 2033) instead of SMTP.
    package var isLMTP = false
    /// TLS comes with a certificate that was verified.
    package var verifiesPeer = true
    package var chunking = Chunking.off
    /// EHLO keywords to ignore, in upper case.
    package var ignored: [[UInt8]] = []
    package var initialResponse = InitialResponse.automatic
    /// EHLO is sent again after a login.
    package var renewsHello = false

    package init(
      name: [UInt8], tlsPolicy: TLSPolicy, isSecure: Bool, log: DialogueLog? = nil
    ) {
      self.name = name
      self.tlsPolicy = tlsPolicy
      self.isSecure = isSecure
      self.log = log
    }
  }

  /// What has to happen next for the dialogue to continue. Time limits depend on it.
  package enum Expectation {
    /// Nothing is under way, or the caller has to answer a challenge.
    case nothing
    case greeting
    /// The reply to a command.
    case reply
    /// The driver has to give more of the content.
    case content
    /// The reply to a chunk, without which the next one must not follow.
    case chunkReply
    /// The rest of the content has to leave: the reply is to all of it.
    case departure
    case finalReply
    /// The reply to QUIT. Once that was sent nothing is an error.
    case farewell
    /// The session has ended: the reason is an event that has come, or will.
    case end
  }

  /// What may begin now.
  package enum Admission {
    case nothing
    /// Another `send`, although a transaction is under way: all of that is on its way.
    case sendAhead
    case anything
  }

  /// A part of the content, as it is put into the output.
  package enum ContentPart {
    /// What continues the content, or follows an envelope at once.
    case piece
    /// The last piece, up to the final dot. `size` is that of the whole message.
    case end(size: UInt64)
    /// A chunk of so many octets, which follow.
    case chunk(Int)
    case lastChunk(Int, size: UInt64)
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

  /// How far the connection is secured.
  struct Security {
    var isSecure: Bool
    var isVerified: Bool
  }

  /// Events for the driver.
  package enum Event {
    /// The server has sent 220.
    case greeted
    /// The dialogue continues with `secured` when TLS is up.
    case startTLS
    case opened
    case loginDone(Failure?)
    /// `work` is to be called soon, when others had their turn: a login is being computed.
    case workDue
    /// The server waits for content: `append` puts it into the output.
    case contentWanted(inChunks: Bool)
    /// `next`: the owner of the message sent ahead that is under way now.
    case sendDone(Outcome, next: AnyObject?)
    /// The reply to the command, if there is one, whatever it is.
    case commandDone(Failure?, Reply?)
    case quitDone
    /// What is in the output is a last QUIT, to be written if that is possible at once.
    case farewell
    /// The connection cannot be used any more, and `abort` ends what is pending.
    /// `isDoubtful`: a message that has already ended is in doubt.
    case failed(Failure, isDoubtful: Bool)
  }
}
