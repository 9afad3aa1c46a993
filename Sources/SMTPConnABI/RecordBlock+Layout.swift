import CSMTPConn
import SMTPConnection
import SMTPProtocol

/// The numbers of `enum smtpconn_record_kind`.
enum RecordKind: UInt16 {
  case done = 1, sent, reply, connected, ended, error, log, token, progress

  static var version: UInt16 { UInt16(SMTPCONN_RECORD_VERSION) }

  /// Octets before the texts of a record, and in a block about an error or a recipient.
  static var header: Int { 40 }
  static var errorBlock: Int { 96 }
  static var recipient: Int { 48 }
}

/// The layout that the header describes. What there is no memory for is left out: its offset
/// stays 0.
extension RecordBlock {
  func put(_ number: Int32, at offset: Int) { put(UInt32(bitPattern: number), at: offset) }

  func put(_ number: Int, at offset: Int) { put(UInt32(truncatingIfNeeded: number), at: offset) }

  /// Room for an array or a block; 0 when there is none.
  func room(_ octets: Int) -> Int {
    align()
    let offset = size
    return extend(by: octets) ? offset : 0
  }

  /// A text with its NUL, and the reference to it at `place`.
  func text(_ octets: UnsafeBufferPointer<UInt8>, at place: Int) {
    let offset = size
    guard octets.count < .max, extend(by: octets.count + 1) else { return }
    unsafe store(UnsafeRawBufferPointer(octets), at: offset)
    put(offset, at: place)
    put(octets.count, at: place + 4)
  }

  @inline(never)
  func text(_ octets: ArraySlice<UInt8>?, at place: Int) {
    if let octets { unsafe octets.withUnsafeBufferPointer { unsafe text($0, at: place) } }
  }

  @inline(never)
  func text(_ octets: [UInt8]?, at place: Int) {
    if let octets { unsafe octets.withUnsafeBufferPointer { unsafe text($0, at: place) } }
  }

  @inline(never)
  func text(_ string: String?, at place: Int) {
    guard var string else { return }
    string.withUTF8 { unsafe text($0, at: place) }
  }

  /// The code of a reply, its enhanced status code and its text.
  func reply(_ reply: Reply?, code: Int, enhanced: Int, text place: Int) {
    guard let reply else { return }
    put(reply.code, at: code)
    text(reply.enhancedStatusSlice, at: enhanced)
    text(reply.text, at: place)
  }

  /// Writes a block about an error; its offset.
  func error(_ failure: Failure) -> Int {
    let offset = room(RecordKind.errorBlock)
    guard offset > 0 else { return 0 }
    put(failure.code.rawValue, at: offset)
    put(failure.kind.number, at: offset + 4)
    put(failure.retry.rawValue, at: offset + 8)
    put(failure.errno, at: offset + 12)
    text(failure.message, at: offset + 24)
    reply(failure.reply, code: offset + 16, enhanced: offset + 40, text: offset + 32)
    text(failure.command, at: offset + 48)
    text(failure.phase.name.description, at: offset + 56)
    text(failure.recipient, at: offset + 64)
    text(failure.tlsReason, at: offset + 72)
    text(failure.certificateNames, at: offset + 80)
    text(failure.addresses, at: offset + 88)
    return offset
  }

  /// The result of a send.
  func result(_ outcome: Outcome) {
    let recipients = outcome.recipients
    put(recipients.count, at: 40)
    if let response = outcome.response {
      put(response.code, at: 56)
      text(response.text, at: 96)
      if outcome.failure == nil { text(response.queueIdentifierSlice, at: 104) }
    }
    put(outcome.time(.envelope), at: 60)
    put(outcome.time(.content), at: 64)
    put(outcome.time(.verdict), at: 68)
    put(UInt64(clamping: outcome.envelopeTime), at: 72)
    put(UInt64(clamping: outcome.messageTime), at: 80)
    put(outcome.messageSize, at: 88)
    put(outcome.tries, at: 112)
    if let failure = outcome.retryError { put(error(failure), at: 116) }
    let array = room(RecordKind.recipient * recipients.count)
    put(array, at: 44)
    var accepted = 0
    var rejected = 0
    // The reason of recipients that were not tried or are in doubt is written once: it may quote a
    // long reply.
    var reason: Failure?
    var reasonOffset = 0
    for (index, recipient) in recipients.enumerated() {
      if recipient.status == .accepted { accepted += 1 }
      if recipient.isRefused { rejected += 1 }
      guard array > 0 else { continue }
      let place = array + RecordKind.recipient * index
      put(recipient.status.rawValue, at: place)
      text(recipient.mailbox.bytes, at: place + 16)
      reply(recipient.reply, code: place + 4, enhanced: place + 32, text: place + 24)
      text(recipient.stage?.command, at: place + 40)
      if let common = recipient.commonReason {
        if reason?.isIdentical(to: common) != true {
          reason = common
          reasonOffset = error(outcome.addressed(common))
        }
        put(reasonOffset, at: place + 8)
      } else if let failure = outcome.failure(of: recipient) {
        put(error(failure), at: place + 8)
      }
    }
    put(accepted, at: 48)
    put(rejected, at: 52)
    if accepted < recipients.count { put(0 as UInt32, at: 24) }
  }
}
