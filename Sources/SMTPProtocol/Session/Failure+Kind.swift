extension Failure {
  /// The kind of a failure that was given none: what the reply, or the code, says.
  var derivedKind: FailureKind {
    guard let reply, reply.code >= 400 else {
      switch code {
      case .connection: return .connectionLost
      case .protocolViolation: return .serverProtocol
      case .oauth2: return .loginNoToken
      case .auth where reply != nil: return .loginExchange
      default: return .none
      }
    }
    if code == .tls { return phase == .starttls ? .tlsRefused : .tlsNotOffered }
    let kind = RefusalKind.of(reply, at: place)
    if kind == .loginCredentials, triesToken { return .loginToken }
    return kind == .none && code == .protocolViolation ? .serverProtocol : kind
  }

  /// What the reply answers.
  private var place: RefusalKind.Places {
    switch phase {
    case .greeting, .hello, .starttls, .tls, .connect: .opening
    case .auth: .login
    case .envelope where isAnswer(to: "MAIL FROM"): .sender
    case .envelope where isAnswer(to: "RCPT TO"): .recipient
    case .envelope, .message: .message
    // It says about an address what RCPT would say.
    case .command where isAnswer(to: "VRFY"): .recipient
    case .options, .dns, .proxy, .reset, .quit, .command, .idle: .other
    }
  }

  private var triesToken: Bool { isAnswer(to: "AUTH XOAUTH2") || isAnswer(to: "AUTH OAUTHBEARER") }

  private func isAnswer(to command: StaticString) -> Bool {
    Array(self.command.utf8) == Bytes.of(command)
  }
}
