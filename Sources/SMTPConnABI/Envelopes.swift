import CSMTPConn
import SMTPProtocol
import SMTPTransport

/// What `smtpconn_envelope` points to.
final class EnvelopeHandle: KeepsLastError {
  var request = SendRequest(from: nil, recipients: [], size: nil, use8BitMIME: nil)
  var lastError: ErrorHandle?
  let texts = LastCTexts()
  /// Of the recipients that were asked for, by their number.
  private var recipientTexts: [CText?] = []

  func recipientText(_ index: Int) -> UnsafePointer<CChar>? {
    guard request.recipients.indices.contains(index) else { return nil }
    while recipientTexts.count <= index { recipientTexts.append(nil) }
    let text = recipientTexts[index] ?? CText(request.recipients[index].mailbox.bytes)
    recipientTexts[index] = text
    return unsafe text.pointer
  }

}

extension Mailbox {
  /// nil for the null reverse-path.
  static func reversePath(_ text: ArraySlice<UInt8>) throws(Failure) -> Mailbox? {
    // Blanks around an address are removed: they are never intended.
    let text = Bytes.trimmed(text)
    if text.isEmpty || text == Bytes.of("<>") { return nil }
    return try checked(text, field: "from", isRecipient: false)
  }

  static func forwardPath(_ text: ArraySlice<UInt8>) throws(Failure) -> Mailbox {
    try checked(Bytes.trimmed(text), field: "to", isRecipient: true)
  }

  /// The error names the field and the address.
  private static func checked(
    _ text: [UInt8], field: String, isRecipient: Bool
  ) throws(Failure) -> Mailbox {
    do throws(Mailbox.Refusal) {
      return try Mailbox(
        text, allowingPostmaster: isRecipient, allowingLocalPart: isRecipient,
        domains: SystemDomains.shared)
    } catch {
      let shown = Bytes.printable(text, limit: 80)
      throw Failure(
        .envelope, "the address \"\(shown)\" (\(field)) \(error.reason)", phase: .envelope)
    }
  }
}

typealias EnvelopePointer = Handle<EnvelopeHandle>

@_cdecl("smtpconn_envelope_new") @implementation
public func smtpconn_envelope_new() -> OpaquePointer? {
  unsafe EnvelopePointer.make(EnvelopeHandle())
}

@_cdecl("smtpconn_envelope_free") @implementation
public func smtpconn_envelope_free(_ envelope: OpaquePointer?) {
  unsafe EnvelopePointer.release(envelope)
}

@_cdecl("smtpconn_envelope_last_error") @implementation
public func smtpconn_envelope_last_error(_ envelope: OpaquePointer?) -> OpaquePointer? {
  unsafe EnvelopePointer.borrow(envelope)?.lastErrorView
}

@_cdecl("smtpconn_envelope_set_from") @implementation
public func smtpconn_envelope_set_from(
  _ envelope: OpaquePointer?, _ mailbox: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nullHandle }
  let text = unsafe cBytes(mailbox) ?? []
  return handle.perform { () throws(Failure) in
    handle.request.from = try .reversePath(text[...])
  }
}

@_cdecl("smtpconn_envelope_from") @implementation
public func smtpconn_envelope_from(_ envelope: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nil }
  return unsafe handle.texts.hold(handle.request.from?.bytes ?? [])
}

@_cdecl("smtpconn_envelope_add_to") @implementation
public func smtpconn_envelope_add_to(
  _ envelope: OpaquePointer?, _ mailbox: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nullHandle }
  let text = unsafe cBytes(mailbox) ?? []
  return handle.perform { () throws(Failure) in
    handle.request.add(SendRequest.Recipient(try .forwardPath(text[...])))
  }
}

@_cdecl("smtpconn_envelope_to_count") @implementation
public func smtpconn_envelope_to_count(_ envelope: OpaquePointer?) -> Int {
  unsafe EnvelopePointer.borrow(envelope)?.request.recipients.count ?? 0
}

@_cdecl("smtpconn_envelope_to") @implementation
public func smtpconn_envelope_to(
  _ envelope: OpaquePointer?, _ index: Int
) -> UnsafePointer<CChar>? {
  unsafe EnvelopePointer.borrow(envelope)?.recipientText(index)
}

// MARK: Helpers for the setters of the generated file

/// For a setter that refuses nothing: why the last one was refused is forgotten.
func envelopeToChange(_ envelope: OpaquePointer?) -> EnvelopeHandle? {
  let handle = unsafe EnvelopePointer.borrow(envelope)
  handle?.lastError = nil
  return handle
}

/// nil for NULL; a refused value names the field.
func parsed<Value>(
  _ field: StaticString, _ text: [UInt8]?,
  _ parse: ([UInt8]) throws(ESMTPParameter.Refusal) -> Value
) throws(Failure) -> Value? {
  guard let text else { return nil }
  do throws(ESMTPParameter.Refusal) {
    return try parse(text)
  } catch {
    throw Failure(
      .envelope,
      "\(field.description) \(error.reason), not \"\(Bytes.printable(text, limit: 80))\"",
      phase: .envelope)
  }
}

extension EnvelopeHandle {
  func changeRecipient(
    _ index: Int, _ change: (inout SendRequest.Recipient) -> Void
  ) throws(Failure) {
    guard request.recipients.indices.contains(index) else {
      // size_t, which Swift sees as a signed number.
      throw Failure(
        .envelope, "there is no recipient number \(UInt(bitPattern: index))", phase: .envelope)
    }
    request.changeRecipient(index, change)
  }
}

/// SMTPCONN_UNSET
private let unset = CInt.min

/// nil for SMTPCONN_UNSET.
func numbered(
  _ field: StaticString, _ value: CInt, _ range: ClosedRange<CInt>
) throws(Failure) -> Int64? {
  if value == unset { return nil }
  guard range.contains(value) else {
    throw Failure(
      .envelope,
      "\(field.description) must be \(range.lowerBound) to \(range.upperBound), or SMTPCONN_UNSET,"
        + " not \(value)", phase: .envelope)
  }
  return Int64(value)
}

func number(_ value: ESMTPParameter?) -> CInt {
  value.map { CInt(truncatingIfNeeded: $0.number) } ?? unset
}
