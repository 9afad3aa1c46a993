/// Texts of refusals that several places use.
enum RefusalText {
  static var login: ErrorText { "the server refused the login" }
  static var reset: ErrorText { "the server refuses RSET" }
  static var recipient: ErrorText { "the server refused the recipient" }
  static var message: ErrorText { "the server refused the message" }
  static var messageBeforeItsEnd: ErrorText { "the server refused the message before its end" }
}

extension Failure {
  /// A refusal: what was refused, and the reply.
  package static func refused(
    _ code: ErrorCode, _ text: ErrorText, _ reply: Reply, command: String, phase: Phase,
    retry: Retry? = nil
  ) -> Failure {
    var failure = Failure(
      code, "\(text): \(Bytes.printable(reply.text.map { $0 == .lf ? .space : $0 }, limit: 1000))",
      command: command, phase: phase, retry: retry ?? (reply.isTransient ? .safe : .no))
    failure.reply = reply
    return failure
  }

  /// A refusal that was received before the connection ended: it stays the error, and its
  /// text mentions how the connection ended.
  package func followed(by end: Failure) -> Failure {
    let what: ErrorText =
      switch end.code {
      // The caller ended it, which needs no reason.
      case .cancelled: "; after that: "
      case .connection, .socket: "; after that the connection was lost: "
      default: "; after that the connection was given up: "
      }
    var failure = self
    failure.text += what + end.text
    return failure
  }

  /// The end of a message was sent, and no reply to it has arrived (RFC 5321 section
  /// 4.5.3.2.6).
  package func inDoubt(_ what: ErrorText = "it") -> Failure {
    if retry == .unknown { return self }
    var failure = self
    failure.retry = .unknown
    failure.text +=
      "; \(what) may have been delivered: sending it again may deliver it twice"
    return failure
  }

  /// The same for recipients whose transaction had not begun: for them there is no doubt.
  var beforeTheirTurn: Failure {
    var failure = self
    failure.retry = .safe
    failure.text = "not tried: the connection ended while the message went to other recipients"
    return failure
  }

  static var unexpectedReply: ErrorText { "the server sent a reply without a command" }

  static func unexpected(_ reply: Reply, phase: Phase) -> Failure {
    .refused(
      .protocolViolation, unexpectedReply, reply, command: "CONN", phase: phase, retry: .safe)
  }
}
