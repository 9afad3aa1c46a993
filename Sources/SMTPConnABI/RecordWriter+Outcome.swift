import SMTPConnection
import SMTPProtocol

extension Outcome {
  /// Nothing has failed, for nobody.
  var isAcceptedByAll: Bool { recipients.allSatisfy { $0.status == .accepted } }
}

/// The result of a send in a record.
extension RecordWriter {
  /// The fields before the recipients.
  static var outcome: Int { header + 72 }
  private static var recipient: Int { 48 }

  func write(_ outcome: Outcome) {
    let recipients = outcome.recipients
    put(recipients.count, at: 40)
    put(Int32(truncatingIfNeeded: outcome.response?.code ?? 0), at: 56)
    put(outcome.time(.envelope), at: 60)
    put(outcome.time(.content), at: 64)
    put(outcome.time(.verdict), at: 68)
    put(UInt64(clamping: outcome.envelopeTime), at: 72)
    put(UInt64(clamping: outcome.messageTime), at: 80)
    put(outcome.messageSize, at: 88)
    let array = room(Self.recipient * recipients.count)
    text(outcome.response?.text, at: 96)
    if outcome.failure == nil { text(outcome.response?.queueIdentifierSlice, at: 104) }
    var accepted = 0
    var rejected = 0
    var reasons = Reasons()
    for (index, recipient) in recipients.enumerated() {
      if recipient.status == .accepted { accepted += 1 }
      if recipient.isRefused { rejected += 1 }
      if array > 0 {
        write(recipient, of: outcome, at: array + Self.recipient * index, &reasons)
      }
    }
    put(array, at: 44)
    put(accepted, at: 48)
    put(rejected, at: 52)
  }

  /// The reason of recipients that were not tried or are in doubt is written once: it may quote
  /// a long reply.
  private struct Reasons {
    var last: Failure?
    var offset = 0
  }

  private func write(
    _ recipient: RecipientOutcome, of outcome: Outcome, at place: Int, _ reasons: inout Reasons
  ) {
    put(recipient.status.rawValue, at: place)
    put(Int32(truncatingIfNeeded: recipient.reply?.code ?? 0), at: place + 4)
    text(recipient.mailbox.bytes, at: place + 16)
    reply(recipient.reply, text: place + 24, enhanced: place + 32)
    text(recipient.stage?.command, at: place + 40)
    if let reason = recipient.commonReason {
      if reasons.last?.isIdentical(to: reason) != true {
        reasons = Reasons(last: reason, offset: error(outcome.addressed(reason)))
      }
      put(reasons.offset, at: place + 8)
    } else if let failure = outcome.failure(of: recipient) {
      put(error(failure), at: place + 8)
    }
  }
}
