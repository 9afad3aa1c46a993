import CSMTPConn
import SMTPProtocol

// What the message needs of the server.

@_cdecl("smtpconn_envelope_set_use_8bitmime") @implementation
public func smtpconn_envelope_set_use_8bitmime(_ envelope: OpaquePointer?, _ use: CInt) -> CInt {
  guard let handle = unsafe envelopeToChange(envelope) else { return nullHandle }
  handle.request.use8BitMIME = use < 0 ? nil : use != 0
  return 0
}

@_cdecl("smtpconn_envelope_use_8bitmime") @implementation
public func smtpconn_envelope_use_8bitmime(_ envelope: OpaquePointer?) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return 0 }
  guard let use = handle.request.use8BitMIME else { return -1 }
  return use ? 1 : 0
}

@_cdecl("smtpconn_envelope_set_use_smtputf8") @implementation
public func smtpconn_envelope_set_use_smtputf8(_ envelope: OpaquePointer?, _ use: CInt) -> CInt {
  guard let handle = unsafe envelopeToChange(envelope) else { return nullHandle }
  handle.request.useSMTPUTF8 = use != 0
  return 0
}

@_cdecl("smtpconn_envelope_use_smtputf8") @implementation
public func smtpconn_envelope_use_smtputf8(_ envelope: OpaquePointer?) -> CInt {
  unsafe EnvelopePointer.borrow(envelope)?.request.useSMTPUTF8 == true ? 1 : 0
}

@_cdecl("smtpconn_envelope_set_require_tls") @implementation
public func smtpconn_envelope_set_require_tls(_ envelope: OpaquePointer?, _ require: CInt) -> CInt {
  guard let handle = unsafe envelopeToChange(envelope) else { return nullHandle }
  handle.request.requiresTLS = require != 0
  return 0
}

@_cdecl("smtpconn_envelope_require_tls") @implementation
public func smtpconn_envelope_require_tls(_ envelope: OpaquePointer?) -> CInt {
  unsafe EnvelopePointer.borrow(envelope)?.request.requiresTLS == true ? 1 : 0
}

@_cdecl("smtpconn_envelope_set_all_or_none") @implementation
public func smtpconn_envelope_set_all_or_none(
  _ envelope: OpaquePointer?, _ allOrNone: CInt
) -> CInt {
  guard let handle = unsafe envelopeToChange(envelope) else { return nullHandle }
  handle.request.isAllOrNone = allOrNone != 0
  return 0
}

@_cdecl("smtpconn_envelope_all_or_none") @implementation
public func smtpconn_envelope_all_or_none(_ envelope: OpaquePointer?) -> CInt {
  unsafe EnvelopePointer.borrow(envelope)?.request.isAllOrNone == true ? 1 : 0
}

@_cdecl("smtpconn_envelope_set_use_binarymime") @implementation
public func smtpconn_envelope_set_use_binarymime(
  _ envelope: OpaquePointer?, _ use: CInt
) -> CInt {
  guard let handle = unsafe envelopeToChange(envelope) else { return nullHandle }
  handle.request.isBinary = use != 0
  return 0
}

@_cdecl("smtpconn_envelope_use_binarymime") @implementation
public func smtpconn_envelope_use_binarymime(_ envelope: OpaquePointer?) -> CInt {
  unsafe EnvelopePointer.borrow(envelope)?.request.isBinary == true ? 1 : 0
}
