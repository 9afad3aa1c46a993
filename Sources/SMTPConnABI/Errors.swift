import CSMTPConn
import SMTPProtocol

/// What `smtpconn_error` points to.
final class ErrorHandle {
  let failure: Failure
  let texts = CTexts()

  init(_ failure: Failure) {
    self.failure = failure
  }
}

private typealias Errors = Handle<ErrorHandle>

@_cdecl("smtpconn_error_code") @implementation
public func smtpconn_error_code(_ error: OpaquePointer?) -> CInt {
  unsafe Errors.borrow(error)?.failure.code.rawValue ?? 0
}

@_cdecl("smtpconn_error_name") @implementation
public func smtpconn_error_name(_ error: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe Errors.borrow(error) else { return nil }
  return unsafe cLiteral(handle.failure.code.name)
}

@_cdecl("smtpconn_error_kind") @implementation
public func smtpconn_error_kind(_ error: OpaquePointer?) -> CInt {
  unsafe Errors.borrow(error)?.failure.kind.number ?? 0
}

@_cdecl("smtpconn_error_message") @implementation
public func smtpconn_error_message(_ error: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe Errors.borrow(error) else { return nil }
  return unsafe handle.texts.hold(handle.failure.message)
}

@_cdecl("smtpconn_error_response") @implementation
public func smtpconn_error_response(_ error: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe Errors.borrow(error) else { return nil }
  return unsafe handle.texts.hold(handle.failure.reply?.text)
}

@_cdecl("smtpconn_error_response_code") @implementation
public func smtpconn_error_response_code(_ error: OpaquePointer?) -> CInt {
  CInt(truncatingIfNeeded: unsafe Errors.borrow(error)?.failure.reply?.code ?? 0)
}

@_cdecl("smtpconn_error_enhanced") @implementation
public func smtpconn_error_enhanced(_ error: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe Errors.borrow(error) else { return nil }
  return unsafe handle.texts.hold(handle.failure.reply?.enhancedStatus)
}

@_cdecl("smtpconn_error_command") @implementation
public func smtpconn_error_command(_ error: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe Errors.borrow(error) else { return nil }
  return unsafe handle.texts.hold(handle.failure.command)
}

@_cdecl("smtpconn_error_phase") @implementation
public func smtpconn_error_phase(_ error: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe Errors.borrow(error) else { return nil }
  return unsafe cLiteral(handle.failure.phase.name)
}

@_cdecl("smtpconn_error_recipient") @implementation
public func smtpconn_error_recipient(_ error: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe Errors.borrow(error) else { return nil }
  return unsafe handle.texts.hold(handle.failure.recipient)
}

@_cdecl("smtpconn_error_errno") @implementation
public func smtpconn_error_errno(_ error: OpaquePointer?) -> CInt {
  unsafe Errors.borrow(error)?.failure.errno ?? 0
}

@_cdecl("smtpconn_error_tls_reason") @implementation
public func smtpconn_error_tls_reason(_ error: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe Errors.borrow(error) else { return nil }
  return unsafe handle.texts.hold(handle.failure.tlsReason)
}

@_cdecl("smtpconn_error_certificate_names") @implementation
public func smtpconn_error_certificate_names(
  _ error: OpaquePointer?
) -> UnsafePointer<CChar>? {
  guard let handle = unsafe Errors.borrow(error) else { return nil }
  return unsafe handle.texts.hold(handle.failure.certificateNames)
}

@_cdecl("smtpconn_error_address") @implementation
public func smtpconn_error_address(_ error: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let handle = unsafe Errors.borrow(error) else { return nil }
  return unsafe handle.texts.hold(handle.failure.addresses)
}

@_cdecl("smtpconn_error_retry") @implementation
public func smtpconn_error_retry(_ error: OpaquePointer?) -> CInt {
  unsafe Errors.borrow(error)?.failure.retry.rawValue ?? 0
}
