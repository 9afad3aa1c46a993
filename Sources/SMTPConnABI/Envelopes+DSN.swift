import CSMTPConn
import SMTPProtocol

// Delivery status notifications (RFC 3461).

/// nil for NULL; a refused value names the field.
private func parsed<Value>(
  _ field: StaticString, _ text: [UInt8]?,
  _ parse: ([UInt8]) throws(DeliveryStatus.Refusal) -> Value
) throws(Failure) -> Value? {
  guard let text else { return nil }
  do throws(DeliveryStatus.Refusal) {
    return try parse(text)
  } catch {
    throw Failure(
      .envelope,
      "\(field.description) \(error.reason), not \"\(Bytes.printable(text, limit: 80))\"",
      phase: .envelope)
  }
}

extension EnvelopeHandle {
  fileprivate func changeRecipient(
    _ index: Int, _ change: (inout SendRequest.Recipient) -> Void
  ) throws(Failure) {
    guard request.recipients.indices.contains(index) else {
      // size_t, which Swift sees as a signed number.
      throw Failure(
        .envelope, "there is no recipient number \(UInt(bitPattern: index))", phase: .envelope)
    }
    change(&request.recipients[index])
  }
}

@_cdecl("smtpconn_envelope_set_dsn_ret") @implementation
public func smtpconn_envelope_set_dsn_ret(
  _ envelope: OpaquePointer?, _ ret: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nullHandle }
  let text = unsafe cBytes(ret)
  return handle.perform { () throws(Failure) in
    handle.request.ret = try parsed("dsn_ret", text) { bytes throws(DeliveryStatus.Refusal) in
      try DeliveryStatus.Return(bytes)
    }
  }
}

@_cdecl("smtpconn_envelope_dsn_ret") @implementation
public func smtpconn_envelope_dsn_ret(
  _ envelope: OpaquePointer?
) -> UnsafePointer<CChar>? {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nil }
  return unsafe handle.texts.hold(handle.request.ret?.text)
}

@_cdecl("smtpconn_envelope_set_dsn_envid") @implementation
public func smtpconn_envelope_set_dsn_envid(
  _ envelope: OpaquePointer?, _ envid: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nullHandle }
  let text = unsafe cBytes(envid)
  return handle.perform { () throws(Failure) in
    handle.request.envelopeIdentifier = try parsed("dsn_envid", text) { bytes throws(DeliveryStatus.Refusal) in
      try DeliveryStatus.EnvelopeIdentifier(bytes)
    }
  }
}

@_cdecl("smtpconn_envelope_dsn_envid") @implementation
public func smtpconn_envelope_dsn_envid(
  _ envelope: OpaquePointer?
) -> UnsafePointer<CChar>? {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nil }
  return unsafe handle.texts.hold(handle.request.envelopeIdentifier?.text)
}

@_cdecl("smtpconn_envelope_set_dsn_notify") @implementation
public func smtpconn_envelope_set_dsn_notify(
  _ envelope: OpaquePointer?, _ notify: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nullHandle }
  let text = unsafe cBytes(notify)
  return handle.perform { () throws(Failure) in
    handle.request.notify = try parsed("dsn_notify", text) { bytes throws(DeliveryStatus.Refusal) in
      try DeliveryStatus.Notify(bytes)
    }
  }
}

@_cdecl("smtpconn_envelope_dsn_notify") @implementation
public func smtpconn_envelope_dsn_notify(
  _ envelope: OpaquePointer?
) -> UnsafePointer<CChar>? {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nil }
  return unsafe handle.texts.hold(handle.request.notify?.text)
}

@_cdecl("smtpconn_envelope_set_dsn_orcpt") @implementation
public func smtpconn_envelope_set_dsn_orcpt(
  _ envelope: OpaquePointer?, _ orcpt: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nullHandle }
  let text = unsafe cBytes(orcpt)
  return handle.perform { () throws(Failure) in
    handle.request.originalRecipient = try parsed("dsn_orcpt", text) { bytes throws(DeliveryStatus.Refusal) in
      try DeliveryStatus.OriginalRecipient(bytes)
    }
  }
}

@_cdecl("smtpconn_envelope_dsn_orcpt") @implementation
public func smtpconn_envelope_dsn_orcpt(
  _ envelope: OpaquePointer?
) -> UnsafePointer<CChar>? {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nil }
  return unsafe handle.texts.hold(handle.request.originalRecipient?.text)
}

@_cdecl("smtpconn_envelope_set_to_dsn_notify") @implementation
public func smtpconn_envelope_set_to_dsn_notify(
  _ envelope: OpaquePointer?, _ index: Int, _ notify: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nullHandle }
  let text = unsafe cBytes(notify)
  return handle.perform { () throws(Failure) in
    let value = try parsed("to_dsn_notify", text) { bytes throws(DeliveryStatus.Refusal) in
      try DeliveryStatus.Notify(bytes)
    }
    try handle.changeRecipient(index) { $0.notify = value }
  }
}

@_cdecl("smtpconn_envelope_to_dsn_notify") @implementation
public func smtpconn_envelope_to_dsn_notify(
  _ envelope: OpaquePointer?, _ index: Int
) -> UnsafePointer<CChar>? {
  guard let handle = unsafe EnvelopePointer.borrow(envelope),
    handle.request.recipients.indices.contains(index)
  else { return nil }
  return unsafe handle.texts.hold(handle.request.recipients[index].notify?.text, index)
}

@_cdecl("smtpconn_envelope_set_to_dsn_orcpt") @implementation
public func smtpconn_envelope_set_to_dsn_orcpt(
  _ envelope: OpaquePointer?, _ index: Int, _ orcpt: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nullHandle }
  let text = unsafe cBytes(orcpt)
  return handle.perform { () throws(Failure) in
    let value = try parsed("to_dsn_orcpt", text) { bytes throws(DeliveryStatus.Refusal) in
      try DeliveryStatus.OriginalRecipient(bytes)
    }
    try handle.changeRecipient(index) { $0.originalRecipient = value }
  }
}

@_cdecl("smtpconn_envelope_to_dsn_orcpt") @implementation
public func smtpconn_envelope_to_dsn_orcpt(
  _ envelope: OpaquePointer?, _ index: Int
) -> UnsafePointer<CChar>? {
  guard let handle = unsafe EnvelopePointer.borrow(envelope),
    handle.request.recipients.indices.contains(index)
  else { return nil }
  return unsafe handle.texts.hold(handle.request.recipients[index].originalRecipient?.text, index)
}
