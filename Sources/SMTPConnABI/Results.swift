import CSMTPConn
import SMTPProtocol

/// What `smtpconn_result` points to. Texts are made when they are asked for.
final class ResultHandle {
  let outcome: Outcome
  let texts = CTexts()
  /// Empty until something is asked for.
  private var recipients: [Views?] = []

  /// What was made for C of one recipient.
  private final class Views {
    let texts = CTexts()
    let error: ErrorHandle?

    init(_ recipient: RecipientOutcome) {
      error = recipient.failure.map { ErrorHandle($0) }
    }
  }

  init(_ outcome: Outcome) {
    self.outcome = outcome
  }

  func recipient(_ index: Int) -> RecipientOutcome? {
    outcome.recipients.indices.contains(index) ? outcome.recipients[index] : nil
  }

  private func views(_ index: Int) -> Views? {
    guard let recipient = recipient(index) else { return nil }
    if recipients.isEmpty {
      recipients = Array(repeating: nil, count: outcome.recipients.count)
    }
    if let known = recipients[index] { return known }
    let views = Views(recipient)
    recipients[index] = views
    return views
  }

  func text(
    _ index: Int, _ value: (RecipientOutcome) -> [UInt8]?
  ) -> UnsafePointer<CChar>? {
    guard let recipient = recipient(index), let views = views(index) else { return nil }
    return unsafe views.texts.hold(value(recipient))
  }

  func error(_ index: Int) -> OpaquePointer? {
    guard let error = views(index)?.error else { return nil }
    return unsafe Handle.view(error)
  }
}

private typealias Results = Handle<ResultHandle>

@_cdecl("smtpconn_result_count") @implementation
public func smtpconn_result_count(_ result: OpaquePointer?) -> Int {
  unsafe Results.borrow(result)?.outcome.recipients.count ?? 0
}

@_cdecl("smtpconn_result_accepted_count") @implementation
public func smtpconn_result_accepted_count(_ result: OpaquePointer?) -> Int {
  let recipients = unsafe Results.borrow(result)?.outcome.recipients ?? []
  return recipients.count { $0.status == .accepted }
}

@_cdecl("smtpconn_result_rejected_count") @implementation
public func smtpconn_result_rejected_count(_ result: OpaquePointer?) -> Int {
  let recipients = unsafe Results.borrow(result)?.outcome.recipients ?? []
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
  guard let handle = unsafe Results.borrow(result) else { return nil }
  return unsafe handle.texts.hold(handle.outcome.response?.text)
}

@_cdecl("smtpconn_result_queue_id") @implementation
public func smtpconn_result_queue_id(_ result: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe Results.borrow(result), handle.outcome.failure == nil else {
    return nil
  }
  return unsafe handle.texts.hold(handle.outcome.response?.queueIdentifier)
}

@_cdecl("smtpconn_result_envelope_time") @implementation
public func smtpconn_result_envelope_time(_ result: OpaquePointer?) -> UInt64 {
  UInt64(clamping: unsafe Results.borrow(result)?.outcome.envelopeTime ?? 0)
}

@_cdecl("smtpconn_result_message_time") @implementation
public func smtpconn_result_message_time(_ result: OpaquePointer?) -> UInt64 {
  UInt64(clamping: unsafe Results.borrow(result)?.outcome.messageTime ?? 0)
}

@_cdecl("smtpconn_result_message_size") @implementation
public func smtpconn_result_message_size(_ result: OpaquePointer?) -> UInt64 {
  unsafe Results.borrow(result)?.outcome.messageSize ?? 0
}
