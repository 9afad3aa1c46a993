import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

/// What `smtpconn_auth` points to.
final class AuthHandle: KeepsLastError {
  var identity: Identity
  var lastError: ErrorHandle?

  init() {
    identity = Identity(OpenSSLCryptography())
  }

  /// Empty for NULL.
  func secret(_ bytes: [UInt8]?) -> Secret { identity.secret(bytes ?? []) }
}

typealias AuthPointer = Handle<AuthHandle>

/// For a setter: clears the last error.
func authToChange(_ auth: OpaquePointer?) -> AuthHandle? {
  let handle = unsafe AuthPointer.borrow(auth)
  handle?.lastError = nil
  return handle
}

@_cdecl("smtpconn_auth_new") @implementation
public func smtpconn_auth_new() -> OpaquePointer? {
  unsafe AuthPointer.make(AuthHandle())
}

@_cdecl("smtpconn_auth_free") @implementation
public func smtpconn_auth_free(_ auth: OpaquePointer?) {
  unsafe AuthPointer.release(auth)
}

@_cdecl("smtpconn_auth_last_error") @implementation
public func smtpconn_auth_last_error(_ auth: OpaquePointer?) -> OpaquePointer? {
  unsafe AuthPointer.borrow(auth)?.lastErrorView
}

@_cdecl("smtpconn_auth_set_user") @implementation
public func smtpconn_auth_set_user(
  _ auth: OpaquePointer?, _ user: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe authToChange(auth) else { return nullHandle }
  handle.identity.credentials.user = handle.secret(unsafe cBytes(user))
  return 0
}

@_cdecl("smtpconn_auth_set_password") @implementation
public func smtpconn_auth_set_password(
  _ auth: OpaquePointer?, _ password: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe authToChange(auth) else { return nullHandle }
  handle.identity.credentials.password = handle.secret(unsafe cBytes(password))
  return 0
}

@_cdecl("smtpconn_auth_set_authorization_identity") @implementation
public func smtpconn_auth_set_authorization_identity(
  _ auth: OpaquePointer?, _ identity: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe authToChange(auth) else { return nullHandle }
  handle.identity.authorization = unsafe cBytes(identity) ?? []
  return 0
}
