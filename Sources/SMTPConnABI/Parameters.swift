import CSMTPConn
import SMTPProtocol

// Parameters of MAIL and RCPT that the library does not know.

@_cdecl("smtpconn_envelope_set_parameter") @implementation
public func smtpconn_envelope_set_parameter(
  _ envelope: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ value: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nullHandle }
  let (name, value) = unsafe (cBytes(name) ?? [], cBytes(value))
  return handle.perform { () throws(Failure) in
    handle.request.parameters[named: name] = try further("parameter", name, value)
  }
}

@_cdecl("smtpconn_envelope_parameter") @implementation
public func smtpconn_envelope_parameter(
  _ envelope: OpaquePointer?, _ name: UnsafePointer<CChar>?
) -> UnsafePointer<CChar>? {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nil }
  let name = unsafe cBytes(name) ?? []
  return unsafe handle.texts.hold(handle.request.parameters[named: name]?.text)
}

@_cdecl("smtpconn_envelope_set_to_parameter") @implementation
public func smtpconn_envelope_set_to_parameter(
  _ envelope: OpaquePointer?, _ index: Int, _ name: UnsafePointer<CChar>?,
  _ value: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe EnvelopePointer.borrow(envelope) else { return nullHandle }
  let (name, value) = unsafe (cBytes(name) ?? [], cBytes(value))
  return handle.perform { () throws(Failure) in
    let parameter = try further("to_parameter", name, value)
    try handle.changeRecipient(index) { $0.parameters[named: name] = parameter }
  }
}

@_cdecl("smtpconn_envelope_to_parameter") @implementation
public func smtpconn_envelope_to_parameter(
  _ envelope: OpaquePointer?, _ index: Int, _ name: UnsafePointer<CChar>?
) -> UnsafePointer<CChar>? {
  guard let handle = unsafe EnvelopePointer.borrow(envelope),
    handle.request.recipients.indices.contains(index)
  else { return nil }
  let name = unsafe cBytes(name) ?? []
  let parameters = handle.request.recipients[index].parameters
  return unsafe handle.texts.hold(parameters[named: name]?.text, index)
}

/// nil for a value that is NULL, which removes the parameter. The name is checked then too.
private func further(
  _ field: StaticString, _ name: [UInt8], _ value: [UInt8]?
) throws(Failure) -> ESMTPParameter? {
  let text = name + (value.map { [.equals] + $0 } ?? [])
  let parameter = try parsed(field, text) { _ throws(ESMTPParameter.Refusal) in
    try ESMTPParameter.further(name, value ?? [])
  }
  return value == nil ? nil : parameter
}
