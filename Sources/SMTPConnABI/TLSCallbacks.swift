public import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

// Options that are functions of the caller's.

@_cdecl("smtpconn_options_set_tls_key_password_callback") @implementation
public func smtpconn_options_set_tls_key_password_callback(
  _ options: OpaquePointer?, _ callback: smtpconn_password_callback?,
  _ release: smtpconn_release_callback?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  let owner = unsafe Release(release, user)
  defer { withExtendedLifetime(owner) {} }
  return unsafe setOption(options) { (options) throws(Failure) in
    guard let callback = unsafe callback else {
      unsafe options.tls.keyPassword = nil
      return
    }
    unsafe options.tls.keyPassword = { buffer, size in
      withExtendedLifetime(owner) { unsafe callback(buffer, size, user) }
    }
  }
}

@_cdecl("smtpconn_options_set_tls_context_callback") @implementation
public func smtpconn_options_set_tls_context_callback(
  _ options: OpaquePointer?, _ callback: smtpconn_tls_context_callback?,
  _ release: smtpconn_release_callback?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  let owner = unsafe Release(release, user)
  defer { withExtendedLifetime(owner) {} }
  return unsafe setOption(options) { (options) throws(Failure) in
    guard let callback = unsafe callback else {
      unsafe options.tls.customize = nil
      return
    }
    unsafe options.tls.customize = { context in
      withExtendedLifetime(owner) { unsafe callback(UnsafeMutableRawPointer(context), user) == 0 }
    }
  }
}

@_cdecl("smtpconn_options_set_tls_key_log_callback") @implementation
public func smtpconn_options_set_tls_key_log_callback(
  _ options: OpaquePointer?, _ callback: smtpconn_tls_key_log_callback?,
  _ release: smtpconn_release_callback?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  let owner = unsafe Release(release, user)
  defer { withExtendedLifetime(owner) {} }
  return unsafe setOption(options) { (options) throws(Failure) in
    guard let callback = unsafe callback else {
      options.tls.onKey = nil
      return
    }
    options.tls.onKey = { line in
      // Erased with the object.
      let text = CText(line.bytes)
      withExtendedLifetime((owner, text)) { unsafe callback(text.pointer, user) }
    }
  }
}
