/// The result of a send, for each recipient.
package final class Outcome {
  package private(set) var recipients: [RecipientOutcome]
  /// nil when at least one recipient was accepted and the message was too, and it is not in
  /// doubt for any other.
  package var failure: Failure?
  /// The last reply of the transaction.
  package internal(set) var response: Reply?
  package internal(set) var envelopeTime: Int64 = 0
  package internal(set) var messageTime: Int64 = 0
  /// The part of `messageTime` after the end of the content had left.
  package internal(set) var verdictTime: Int64 = 0
  package var contentTime: Int64 { messageTime - verdictTime }
  /// The envelope was answered.
  package internal(set) var wasAnswered = false
  package internal(set) var messageSize: UInt64 = 0
  /// A recipient was refused because the server takes no more recipients at a time.
  package private(set) var hasOverflow = false
  /// How often a pool has tried, and why it did so again the last time.
  package var tries = 1
  package var retryError: Failure?
  /// Of the server, for the errors of the send and of its recipients.
  private var address: String?
  /// The owner of the message, given to `send` by the driver and returned with the outcome.
  package var owner: AnyObject?
  /// The C form of this outcome, made by SMTPConnABI.
  package var views: AnyObject?

  init(_ recipients: [RecipientOutcome]) {
    self.recipients = recipients
  }

  /// The same, with a C form of its own.
  package func copy() -> Outcome {
    let copy = Outcome(recipients)
    copy.failure = failure
    copy.response = response
    copy.envelopeTime = envelopeTime
    copy.messageTime = messageTime
    copy.verdictTime = verdictTime
    copy.wasAnswered = wasAnswered
    copy.messageSize = messageSize
    copy.tries = tries
    copy.retryError = retryError
    copy.address = address
    return copy
  }

  package func setAddress(_ address: String?) {
    self.address = address
    failure = failure.map { addressed($0) }
  }

  /// With the address of the server.
  package func addressed(_ failure: Failure) -> Failure {
    guard failure.addresses == nil else { return failure }
    var failure = failure
    failure.addresses = address
    return failure
  }

  /// The error of a recipient.
  package func failure(of recipient: RecipientOutcome) -> Failure? {
    recipient.failure.map { addressed($0) }
  }

  package var hasAccepted: Bool { recipients.contains { $0.status == .accepted } }
  package var hasRejected: Bool { recipients.contains { $0.status == .rejected } }
  /// The places of the recipients to which it may be sent again.
  package var undecided: [Int] {
    var places: [Int] = []
    for place in recipients.indices {
      let status = recipients[place].status
      if status == .deferred || status == .notTried && recipients[place].reason?.retry == .safe {
        places.append(place)
      }
    }
    return places
  }
  var hasRefused: Bool { recipients.contains { $0.isRefused } }

  /// Octets of long replies that are kept for one message: a server may answer each of
  /// thousands of recipients with a page.
  static let longReplyLimit = 1 << 20
  private var longReplies = 0

  /// What is kept of a reply to one of the recipients.
  @inline(__always)
  private func kept(_ reply: Reply) -> Reply {
    reply.text.count <= Reply.shortLimit ? reply : keptOfLong(reply)
  }

  @inline(never)
  private func keptOfLong(_ reply: Reply) -> Reply {
    guard longReplies + reply.text.count <= Self.longReplyLimit else { return reply.shortened }
    longReplies += reply.text.count
    return reply
  }

  func accept(_ index: Int, _ reply: Reply) {
    guard index < recipients.count else { return }
    recipients[index].accept(kept(reply))
    response = reply
  }

  func decide(_ index: Int, _ reply: Reply, at stage: RecipientOutcome.Stage) {
    guard index < recipients.count else { return }
    recipients[index].decide(kept(reply), at: stage)
    if !reply.isPositive, recipients[index].isOverflow { hasOverflow = true }
  }

  /// After a failure: recipients that were accepted, or have no reply yet, were not tried.
  func end(_ failure: Failure?) {
    self.failure = failure
    guard let failure else { return }
    let status: RecipientOutcome.Status = failure.retry == .unknown ? .unknown : .notTried
    for index in recipients.indices
    where !recipients[index].isRefused && recipients[index].stage != .data {
      recipients[index].status = status
      recipients[index].reason = failure
    }
  }

  /// Statuses that a reply to the content had decided become unknown.
  func doubt(_ failure: Failure) {
    self.failure = failure
    for index in recipients.indices where recipients[index].stage == .data {
      recipients[index].status = .unknown
      recipients[index].reason = failure
    }
  }

  /// Recipients without a status were not tried, for this reason.
  package func leaveUntried(_ reason: Failure) {
    let reason = reason.retry == .unknown ? reason.beforeTheirTurn : reason
    for index in recipients.indices
    where recipients[index].status == .notTried && recipients[index].reason == nil {
      recipients[index].reason = reason
    }
  }

  /// The outcome of a further transaction for the recipients at `places`.
  package func merging(_ other: Outcome, at places: [Int]) -> Outcome {
    // The reply that has the message's identifier is not given up for a refusal.
    if other.hasAccepted || !hasAccepted { response = other.response ?? response }
    for (place, recipient) in zip(places, other.recipients) where recipients.indices.contains(place)
    {
      // What the first transaction said of a recipient holds until a later one
      // decides.
      if recipient.status != .notTried || recipients[place].status == .notTried {
        recipients[place] = recipient
      }
    }
    address = other.address
    envelopeTime += other.envelopeTime
    messageTime += other.messageTime
    verdictTime += other.verdictTime
    messageSize = max(messageSize, other.messageSize)
    return self
  }

  /// Nothing was tried: the operation ended before its turn came.
  package static func untried(_ recipients: [Mailbox], _ failure: Failure?) -> Outcome {
    let outcome = Outcome(recipients.map { RecipientOutcome(mailbox: $0) })
    outcome.failure = failure
    if let failure { outcome.leaveUntried(failure) }
    return outcome
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

  /// The command whose reply decided.
  package enum Stage {
    case recipient, data
    package var command: String { self == .recipient ? "RCPT TO" : "DATA" }
  }

  package let mailbox: Mailbox
  package var status = Status.notTried
  package var stage: Stage?
  package var reply: Reply?
  /// Why it was not tried, or is in doubt.
  package var reason: Failure?

  package init(mailbox: Mailbox) {
    self.mailbox = mailbox
  }

  mutating func accept(_ reply: Reply) {
    stage = .recipient
    status = .accepted
    self.reply = reply
  }

  mutating func decide(_ reply: Reply, at stage: Stage) {
    self.stage = stage
    self.reply = reply
    // One too many is refused for now, with whatever code (RFC 5321 section
    // 4.5.3.1.10).
    status =
      reply.isPositive ? .accepted : reply.isTransient || isOverflow ? .deferred : .rejected
  }

  /// Refused because the server takes no more recipients in one transaction
  /// (RFC 5321 section 4.5.3.1.10): 452, or 552 from servers that follow RFC 821,
  /// as far as an enhanced status code does not say something else. 552 is the code of a
  /// full mailbox as well, so without an enhanced code its text must say it in words that
  /// mean nothing else: a refusal that names "the recipient's mailbox" is final.
  package var isOverflow: Bool {
    guard stage == .recipient, let reply else { return false }
    switch reply.code {
    case 452:
      guard let status = reply.enhancedStatus else { return true }
      return status == Bytes.of("4.5.3")
    case 552:
      guard let status = reply.enhancedStatus else { return Self.saysTooManyRecipients(reply) }
      return status == Bytes.of("5.5.3")
    default: return false
    }
  }

  private static func saysTooManyRecipients(_ reply: Reply) -> Bool {
    let text = Bytes.uppercased(reply.text)
    return Bytes.contains(text, Bytes.of("TOO MANY RECIPIENTS"))
      || Bytes.contains(text, Bytes.of("TOO MANY RCPT"))
  }

  /// Refused by the reply to RCPT.
  package var isRefusedAtOnce: Bool { isRefused && stage == .recipient }

  package var isRefused: Bool { status == .deferred || status == .rejected }

  /// Why it was not tried or is in doubt, as it may be for others too.
  package var commonReason: Failure? { status == .notTried || status == .unknown ? reason : nil }

  /// The refusal of this recipient as an error of its own, or why it was not tried or is in
  /// doubt.
  package var failure: Failure? {
    if var reason = commonReason {
      if reason.recipient == nil { reason.recipient = mailbox.bytes }
      return reason
    }
    guard isRefused, let reply, let stage else { return nil }
    let isEnvelope = stage == .recipient
    var failure = Failure.refused(
      isEnvelope ? .envelope : .message,
      isEnvelope ? RefusalText.recipient : RefusalText.message,
      reply, command: stage.command, phase: isEnvelope ? .envelope : .message,
      retry: status == .deferred ? .safe : .no)
    failure.recipient = mailbox.bytes
    return failure
  }
}
