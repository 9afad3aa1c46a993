import CSMTPConn
import SMTPConnection
import SMTPProtocol

/// The C form of an outcome; what `smtpconn_result` points to. Most programs read only a
/// part of it, so each part is made when it is read.
private final class ResultViews {
  let texts = CTexts()
  let retryError: ErrorHandle?
  private var recipients: [RecipientViews?]

  /// What was made for C of one recipient.
  final class RecipientViews {
    let texts = CTexts()
    let error: ErrorHandle?

    init(_ failure: Failure?) {
      error = failure.map { ErrorHandle($0) }
    }
  }

  init(_ outcome: Outcome) {
    retryError = outcome.retryError.map { ErrorHandle($0) }
    recipients = Array(repeating: nil, count: outcome.recipients.count)
  }

  static func of(_ outcome: Outcome) -> ResultViews {
    if let known = outcome.views as? ResultViews { return known }
    let views = ResultViews(outcome)
    outcome.views = views
    return views
  }

  func recipient(_ index: Int, _ failure: @autoclosure () -> Failure?) -> RecipientViews {
    if let known = recipients[index] { return known }
    let views = RecipientViews(failure())
    recipients[index] = views
    return views
  }
}

extension Outcome {
  fileprivate func recipient(_ index: Int) -> RecipientOutcome? {
    recipients.indices.contains(index) ? recipients[index] : nil
  }

  fileprivate func text(_ value: [UInt8]?) -> UnsafePointer<CChar>? {
    unsafe ResultViews.of(self).texts.hold(value)
  }

  fileprivate func text(
    _ index: Int, _ value: (RecipientOutcome) -> [UInt8]?
  ) -> UnsafePointer<CChar>? {
    guard let recipient = recipient(index) else { return nil }
    let views = ResultViews.of(self).recipient(index, failure(of: recipient))
    return unsafe views.texts.hold(value(recipient))
  }

  fileprivate func error(_ index: Int) -> OpaquePointer? {
    guard let recipient = recipient(index),
      let error = ResultViews.of(self).recipient(index, failure(of: recipient)).error
    else { return nil }
    return unsafe Handle.view(error)
  }
}

extension Outcome {
  /// -1 for a part that was not reached, and for one that is not of a message.
  func time(_ part: Timings.Part) -> CInt {
    guard wasAnswered else { return -1 }
    switch part {
    case .envelope: return CInt(clamping: envelopeTime)
    case .content: return CInt(clamping: contentTime)
    case .verdict: return CInt(clamping: verdictTime)
    default: return -1
    }
  }
}

private typealias Results = Handle<Outcome>

@_cdecl("smtpconn_result_count") @implementation
public func smtpconn_result_count(_ result: OpaquePointer?) -> Int {
  unsafe Results.borrow(result)?.recipients.count ?? 0
}

@_cdecl("smtpconn_result_accepted_count") @implementation
public func smtpconn_result_accepted_count(_ result: OpaquePointer?) -> Int {
  let recipients = unsafe Results.borrow(result)?.recipients ?? []
  return recipients.count { $0.status == .accepted }
}

@_cdecl("smtpconn_result_rejected_count") @implementation
public func smtpconn_result_rejected_count(_ result: OpaquePointer?) -> Int {
  let recipients = unsafe Results.borrow(result)?.recipients ?? []
  return recipients.count { $0.isRefused }
}

@_cdecl("smtpconn_result_recipient") @implementation
public func smtpconn_result_recipient(
  _ result: OpaquePointer?, _ index: Int
) -> UnsafePointer<CChar>? {
  unsafe Results.borrow(result)?.text(index) { $0.mailbox.bytes }
}

@_cdecl("smtpconn_result_status") @implementation
public func smtpconn_result_status(_ result: OpaquePointer?, _ index: Int) -> CInt {
  let status = unsafe Results.borrow(result)?.recipient(index)?.status ?? .notTried
  return status.rawValue
}

@_cdecl("smtpconn_result_command") @implementation
public func smtpconn_result_command(
  _ result: OpaquePointer?, _ index: Int
) -> UnsafePointer<CChar>? {
  unsafe Results.borrow(result)?.text(index) { $0.stage.map { Array($0.command.utf8) } }
}

@_cdecl("smtpconn_result_response_code") @implementation
public func smtpconn_result_response_code(_ result: OpaquePointer?, _ index: Int) -> CInt {
  CInt(truncatingIfNeeded: unsafe Results.borrow(result)?.recipient(index)?.reply?.code ?? 0)
}

@_cdecl("smtpconn_result_enhanced") @implementation
public func smtpconn_result_enhanced(
  _ result: OpaquePointer?, _ index: Int
) -> UnsafePointer<CChar>? {
  unsafe Results.borrow(result)?.text(index) { $0.reply?.enhancedStatus }
}

@_cdecl("smtpconn_result_recipient_response") @implementation
public func smtpconn_result_recipient_response(
  _ result: OpaquePointer?, _ index: Int
) -> UnsafePointer<CChar>? {
  unsafe Results.borrow(result)?.text(index) { $0.reply?.text }
}

@_cdecl("smtpconn_result_error") @implementation
public func smtpconn_result_error(_ result: OpaquePointer?, _ index: Int) -> OpaquePointer? {
  unsafe Results.borrow(result)?.error(index)
}

@_cdecl("smtpconn_result_response") @implementation
public func smtpconn_result_response(_ result: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let outcome = unsafe Results.borrow(result) else { return nil }
  return unsafe outcome.text(outcome.response?.text)
}

@_cdecl("smtpconn_result_queue_id") @implementation
public func smtpconn_result_queue_id(_ result: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let outcome = unsafe Results.borrow(result), outcome.failure == nil else { return nil }
  return unsafe outcome.text(outcome.response?.queueIdentifier)
}

@_cdecl("smtpconn_result_envelope_time") @implementation
public func smtpconn_result_envelope_time(_ result: OpaquePointer?) -> UInt64 {
  UInt64(clamping: unsafe Results.borrow(result)?.envelopeTime ?? 0)
}

@_cdecl("smtpconn_result_message_time") @implementation
public func smtpconn_result_message_time(_ result: OpaquePointer?) -> UInt64 {
  UInt64(clamping: unsafe Results.borrow(result)?.messageTime ?? 0)
}

@_cdecl("smtpconn_result_time") @implementation
public func smtpconn_result_time(_ result: OpaquePointer?, _ part: CInt) -> CInt {
  guard let part = Timings.Part(rawValue: part) else { return -1 }
  return unsafe Results.borrow(result)?.time(part) ?? -1
}

@_cdecl("smtpconn_result_message_size") @implementation
public func smtpconn_result_message_size(_ result: OpaquePointer?) -> UInt64 {
  unsafe Results.borrow(result)?.messageSize ?? 0
}

@_cdecl("smtpconn_result_tries") @implementation
public func smtpconn_result_tries(_ result: OpaquePointer?) -> CInt {
  CInt(clamping: unsafe Results.borrow(result)?.tries ?? 0)
}

@_cdecl("smtpconn_result_retry_error") @implementation
public func smtpconn_result_retry_error(_ result: OpaquePointer?) -> OpaquePointer? {
  guard let outcome = unsafe Results.borrow(result), let error = ResultViews.of(outcome).retryError
  else { return nil }
  return unsafe Handle.view(error)
}
