// Written by `make generated` from Sources/Options/options.json: change it there.

import CSMTPConn
import SMTPProtocol

@_cdecl("smtpconn_envelope_set_size") @implementation
public func smtpconn_envelope_set_size(_ envelope: OpaquePointer?, _ value: UInt64) -> CInt {
  guard let handle = unsafe envelopeToChange(envelope) else { return nullHandle }
  handle.request.size = value == 0 ? nil : value
  return 0
}

@_cdecl("smtpconn_envelope_size") @implementation
public func smtpconn_envelope_size(_ envelope: OpaquePointer?) -> UInt64 {
  unsafe EnvelopePointer.borrow(envelope)?.request.size ?? 0
}

@_cdecl("smtpconn_envelope_set_use_8bitmime") @implementation
public func smtpconn_envelope_set_use_8bitmime(_ envelope: OpaquePointer?, _ value: CInt) -> CInt {
  guard let handle = unsafe envelopeToChange(envelope) else { return nullHandle }
  handle.request.use8BitMIME = value < 0 ? nil : value != 0
  return 0
}

@_cdecl("smtpconn_envelope_use_8bitmime") @implementation
public func smtpconn_envelope_use_8bitmime(_ envelope: OpaquePointer?) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return 0 }
  guard let value = handle.request.use8BitMIME else { return -1 }
  return value ? 1 : 0
}

@_cdecl("smtpconn_envelope_set_use_smtputf8") @implementation
public func smtpconn_envelope_set_use_smtputf8(_ envelope: OpaquePointer?, _ value: CInt) -> CInt {
  guard let handle = unsafe envelopeToChange(envelope) else { return nullHandle }
  handle.request.useSMTPUTF8 = value != 0
  return 0
}

@_cdecl("smtpconn_envelope_use_smtputf8") @implementation
public func smtpconn_envelope_use_smtputf8(_ envelope: OpaquePointer?) -> CInt {
  unsafe EnvelopePointer.borrow(envelope)?.request.useSMTPUTF8 == true ? 1 : 0
}

@_cdecl("smtpconn_envelope_set_require_tls") @implementation
public func smtpconn_envelope_set_require_tls(_ envelope: OpaquePointer?, _ value: CInt) -> CInt {
  guard let handle = unsafe envelopeToChange(envelope) else { return nullHandle }
  handle.request.requiresTLS = value != 0
  return 0
}

@_cdecl("smtpconn_envelope_require_tls") @implementation
public func smtpconn_envelope_require_tls(_ envelope: OpaquePointer?) -> CInt {
  unsafe EnvelopePointer.borrow(envelope)?.request.requiresTLS == true ? 1 : 0
}

@_cdecl("smtpconn_envelope_set_all_or_none") @implementation
public func smtpconn_envelope_set_all_or_none(_ envelope: OpaquePointer?, _ value: CInt) -> CInt {
  guard let handle = unsafe envelopeToChange(envelope) else { return nullHandle }
  handle.request.isAllOrNone = value != 0
  return 0
}

@_cdecl("smtpconn_envelope_all_or_none") @implementation
public func smtpconn_envelope_all_or_none(_ envelope: OpaquePointer?) -> CInt {
  unsafe EnvelopePointer.borrow(envelope)?.request.isAllOrNone == true ? 1 : 0
}

@_cdecl("smtpconn_envelope_set_use_binarymime") @implementation
public func smtpconn_envelope_set_use_binarymime(
  _ envelope: OpaquePointer?, _ value: CInt
) -> CInt {
  guard let handle = unsafe envelopeToChange(envelope) else { return nullHandle }
  handle.request.isBinary = value != 0
  return 0
}

@_cdecl("smtpconn_envelope_use_binarymime") @implementation
public func smtpconn_envelope_use_binarymime(_ envelope: OpaquePointer?) -> CInt {
  unsafe EnvelopePointer.borrow(envelope)?.request.isBinary == true ? 1 : 0
}

@_cdecl("smtpconn_envelope_set_mt_priority") @implementation
public func smtpconn_envelope_set_mt_priority(_ envelope: OpaquePointer?, _ value: CInt) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nullHandle }
  return handle.perform { () throws(Failure) in
    let value = try numbered("mt_priority", value, -9...9)
    handle.request.parameters[.priority] = value.map { ESMTPParameter.priority($0) }
  }
}

@_cdecl("smtpconn_envelope_mt_priority") @implementation
public func smtpconn_envelope_mt_priority(_ envelope: OpaquePointer?) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return 0 }
  return number(handle.request.parameters[.priority])
}

@_cdecl("smtpconn_envelope_set_deliver_by") @implementation
public func smtpconn_envelope_set_deliver_by(
  _ envelope: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nullHandle }
  let text = unsafe cBytes(value)
  return handle.perform { () throws(Failure) in
    let value = try parsed("deliver_by", text) { bytes throws(ESMTPParameter.Refusal) in
      try ESMTPParameter.deliverBy(bytes)
    }
    handle.request.parameters[.deliverBy] = value
  }
}

@_cdecl("smtpconn_envelope_deliver_by") @implementation
public func smtpconn_envelope_deliver_by(_ envelope: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nil }
  return unsafe handle.texts.hold(handle.request.parameters[.deliverBy]?.text)
}

@_cdecl("smtpconn_envelope_set_hold_for") @implementation
public func smtpconn_envelope_set_hold_for(_ envelope: OpaquePointer?, _ value: CInt) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nullHandle }
  return handle.perform { () throws(Failure) in
    let value = try numbered("hold_for", value, 1...999_999_999)
    handle.request.parameters[.holdFor] = value.map { ESMTPParameter.holdFor($0) }
  }
}

@_cdecl("smtpconn_envelope_hold_for") @implementation
public func smtpconn_envelope_hold_for(_ envelope: OpaquePointer?) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return 0 }
  return number(handle.request.parameters[.holdFor])
}

@_cdecl("smtpconn_envelope_set_hold_until") @implementation
public func smtpconn_envelope_set_hold_until(
  _ envelope: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nullHandle }
  let text = unsafe cBytes(value)
  return handle.perform { () throws(Failure) in
    let value = try parsed("hold_until", text) { bytes throws(ESMTPParameter.Refusal) in
      try ESMTPParameter.holdUntil(bytes)
    }
    handle.request.parameters[.holdUntil] = value
  }
}

@_cdecl("smtpconn_envelope_hold_until") @implementation
public func smtpconn_envelope_hold_until(_ envelope: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nil }
  return unsafe handle.texts.hold(handle.request.parameters[.holdUntil]?.text)
}

@_cdecl("smtpconn_envelope_set_auth_sender") @implementation
public func smtpconn_envelope_set_auth_sender(
  _ envelope: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nullHandle }
  let text = unsafe cBytes(value)
  return handle.perform { () throws(Failure) in
    let value = try parsed("auth_sender", text) { bytes throws(ESMTPParameter.Refusal) in
      try ESMTPParameter.authSender(bytes)
    }
    handle.request.parameters[.authSender] = value
  }
}

@_cdecl("smtpconn_envelope_auth_sender") @implementation
public func smtpconn_envelope_auth_sender(_ envelope: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nil }
  return unsafe handle.texts.hold(handle.request.parameters[.authSender]?.text)
}

@_cdecl("smtpconn_envelope_set_solicit") @implementation
public func smtpconn_envelope_set_solicit(
  _ envelope: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nullHandle }
  let text = unsafe cBytes(value)
  return handle.perform { () throws(Failure) in
    let value = try parsed("solicit", text) { bytes throws(ESMTPParameter.Refusal) in
      try ESMTPParameter.solicit(bytes)
    }
    handle.request.parameters[.solicit] = value
  }
}

@_cdecl("smtpconn_envelope_solicit") @implementation
public func smtpconn_envelope_solicit(_ envelope: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nil }
  return unsafe handle.texts.hold(handle.request.parameters[.solicit]?.text)
}

@_cdecl("smtpconn_envelope_set_dsn_ret") @implementation
public func smtpconn_envelope_set_dsn_ret(
  _ envelope: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nullHandle }
  let text = unsafe cBytes(value)
  return handle.perform { () throws(Failure) in
    let value = try parsed("dsn_ret", text) { bytes throws(ESMTPParameter.Refusal) in
      try DeliveryStatus.Return(bytes)
    }
    handle.request.ret = value
  }
}

@_cdecl("smtpconn_envelope_dsn_ret") @implementation
public func smtpconn_envelope_dsn_ret(_ envelope: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nil }
  return unsafe handle.texts.hold(handle.request.ret?.text)
}

@_cdecl("smtpconn_envelope_set_dsn_envid") @implementation
public func smtpconn_envelope_set_dsn_envid(
  _ envelope: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nullHandle }
  let text = unsafe cBytes(value)
  return handle.perform { () throws(Failure) in
    let value = try parsed("dsn_envid", text) { bytes throws(ESMTPParameter.Refusal) in
      try DeliveryStatus.EnvelopeIdentifier(bytes)
    }
    handle.request.envelopeIdentifier = value
  }
}

@_cdecl("smtpconn_envelope_dsn_envid") @implementation
public func smtpconn_envelope_dsn_envid(_ envelope: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nil }
  return unsafe handle.texts.hold(handle.request.envelopeIdentifier?.text)
}

@_cdecl("smtpconn_envelope_set_dsn_notify") @implementation
public func smtpconn_envelope_set_dsn_notify(
  _ envelope: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nullHandle }
  let text = unsafe cBytes(value)
  return handle.perform { () throws(Failure) in
    let value = try parsed("dsn_notify", text) { bytes throws(ESMTPParameter.Refusal) in
      try DeliveryStatus.Notify(bytes)
    }
    handle.request.notify = value
  }
}

@_cdecl("smtpconn_envelope_dsn_notify") @implementation
public func smtpconn_envelope_dsn_notify(_ envelope: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nil }
  return unsafe handle.texts.hold(handle.request.notify?.text)
}

@_cdecl("smtpconn_envelope_set_dsn_orcpt") @implementation
public func smtpconn_envelope_set_dsn_orcpt(
  _ envelope: OpaquePointer?, _ value: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nullHandle }
  let text = unsafe cBytes(value)
  return handle.perform { () throws(Failure) in
    let value = try parsed("dsn_orcpt", text) { bytes throws(ESMTPParameter.Refusal) in
      try DeliveryStatus.OriginalRecipient(bytes)
    }
    handle.request.originalRecipient = value
  }
}

@_cdecl("smtpconn_envelope_dsn_orcpt") @implementation
public func smtpconn_envelope_dsn_orcpt(_ envelope: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nil }
  return unsafe handle.texts.hold(handle.request.originalRecipient?.text)
}

@_cdecl("smtpconn_envelope_set_to_dsn_notify") @implementation
public func smtpconn_envelope_set_to_dsn_notify(
  _ envelope: OpaquePointer?, _ index: Int, _ value: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nullHandle }
  let text = unsafe cBytes(value)
  return handle.perform { () throws(Failure) in
    let value = try parsed("to_dsn_notify", text) { bytes throws(ESMTPParameter.Refusal) in
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
  let text = handle.request.recipients[index].notify?.text
  return unsafe handle.texts.hold(text, index)
}

@_cdecl("smtpconn_envelope_set_to_dsn_orcpt") @implementation
public func smtpconn_envelope_set_to_dsn_orcpt(
  _ envelope: OpaquePointer?, _ index: Int, _ value: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nullHandle }
  let text = unsafe cBytes(value)
  return handle.perform { () throws(Failure) in
    let value = try parsed("to_dsn_orcpt", text) { bytes throws(ESMTPParameter.Refusal) in
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
  let text = handle.request.recipients[index].originalRecipient?.text
  return unsafe handle.texts.hold(text, index)
}

@_cdecl("smtpconn_envelope_set_to_rrvs") @implementation
public func smtpconn_envelope_set_to_rrvs(
  _ envelope: OpaquePointer?, _ index: Int, _ value: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nullHandle }
  let text = unsafe cBytes(value)
  return handle.perform { () throws(Failure) in
    let value = try parsed("to_rrvs", text) { bytes throws(ESMTPParameter.Refusal) in
      try ESMTPParameter.validSince(bytes)
    }
    try handle.changeRecipient(index) { $0.parameters[.validSince] = value }
  }
}

@_cdecl("smtpconn_envelope_to_rrvs") @implementation
public func smtpconn_envelope_to_rrvs(
  _ envelope: OpaquePointer?, _ index: Int
) -> UnsafePointer<CChar>? {
  guard let handle = unsafe EnvelopePointer.borrow(envelope),
    handle.request.recipients.indices.contains(index)
  else { return nil }
  let text = handle.request.recipients[index].parameters[.validSince]?.text
  return unsafe handle.texts.hold(text, index)
}
