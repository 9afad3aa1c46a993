/// What became of a message, recipient by recipient.
package struct Outcome {
  package var recipients: [RecipientOutcome]
  /// nil when at least one recipient was accepted and the message was too.
  package var failure: Failure?
  /// The last reply of the transaction.
  package var response: Reply?
  package var envelopeTime: Int64 = 0
  package var messageTime: Int64 = 0
  package var messageSize: UInt64 = 0

  /// Nothing was tried: the operation ended before its turn came.
  package static func untried(_ recipients: [Mailbox], _ failure: Failure) -> Outcome {
    Outcome(recipients: recipients.map { RecipientOutcome(mailbox: $0) }, failure: failure)
  }
}

package struct RecipientOutcome {
  /// The numbers of `enum smtpconn_recipient_status`.
  package enum Status: Int32 {
    case accepted = 0
    case deferred = 1
    case rejected = 2
    case notTried = 3
    case unknown = 4
  }

  package let mailbox: Mailbox
  package var status = Status.notTried
  /// The command whose reply decided, and that reply.
  package var command: String?
  package var reply: Reply?

  package init(mailbox: Mailbox) {
    self.mailbox = mailbox
  }

  mutating func decide(_ reply: Reply, command: String) {
    self.command = command
    self.reply = reply
    status = reply.isPositive ? .accepted : reply.isTransient ? .deferred : .rejected
  }

  package var isRefused: Bool { status == .deferred || status == .rejected }

  /// The refusal of this recipient as an error of its own.
  package var failure: Failure? {
    guard isRefused, let reply, let command else { return nil }
    let isEnvelope = command == "RCPT TO"
    var failure = Failure.refused(
      isEnvelope ? .envelope : .message,
      isEnvelope ? "the server refused the recipient" : "the server refused the message",
      reply, command: command, phase: isEnvelope ? .envelope : .message)
    failure.recipient = mailbox.bytes
    return failure
  }
}
