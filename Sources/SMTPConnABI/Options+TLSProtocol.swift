public import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

// How TLS is spoken.

@_cdecl("smtpconn_options_set_tls_ciphers") @implementation
public func smtpconn_options_set_tls_ciphers(
  _ options: OpaquePointer?, _ ciphers: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(ciphers)
  return unsafe setOption(options) { (options) throws(Failure) in options.tls.ciphers = value }
}

@_cdecl("smtpconn_options_tls_ciphers") @implementation
public func smtpconn_options_tls_ciphers(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.tls.ciphers }
}

@_cdecl("smtpconn_options_set_tls_cipher_suites") @implementation
public func smtpconn_options_set_tls_cipher_suites(
  _ options: OpaquePointer?, _ suites: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(suites)
  return unsafe setOption(options) { (options) throws(Failure) in options.tls.cipherSuites = value }
}

@_cdecl("smtpconn_options_tls_cipher_suites") @implementation
public func smtpconn_options_tls_cipher_suites(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.tls.cipherSuites }
}

@_cdecl("smtpconn_options_set_tls_groups") @implementation
public func smtpconn_options_set_tls_groups(
  _ options: OpaquePointer?, _ groups: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(groups)
  return unsafe setOption(options) { (options) throws(Failure) in options.tls.groups = value }
}

@_cdecl("smtpconn_options_tls_groups") @implementation
public func smtpconn_options_tls_groups(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.tls.groups }
}

@_cdecl("smtpconn_options_set_tls_min_version") @implementation
public func smtpconn_options_set_tls_min_version(
  _ options: OpaquePointer?, _ version: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(version)
  return unsafe setOption(options) { (options) throws(Failure) in try options.setMinimumVersion(value) }
}

@_cdecl("smtpconn_options_tls_min_version") @implementation
public func smtpconn_options_tls_min_version(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { Options.name(of: $0.tls.minimumVersion) }
}

@_cdecl("smtpconn_options_set_tls_max_version") @implementation
public func smtpconn_options_set_tls_max_version(
  _ options: OpaquePointer?, _ version: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(version)
  return unsafe setOption(options) { (options) throws(Failure) in try options.setMaximumVersion(value) }
}

@_cdecl("smtpconn_options_tls_max_version") @implementation
public func smtpconn_options_tls_max_version(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.tls.maximumVersion.map { Options.name(of: $0) } }
}

@_cdecl("smtpconn_options_set_tls_alpn") @implementation
public func smtpconn_options_set_tls_alpn(
  _ options: OpaquePointer?, _ protocols: UnsafePointer<CChar>?
) -> CInt {
  let value = unsafe cBytes(protocols)
  return unsafe setOption(options) { (options) throws(Failure) in try options.setProtocols(value) }
}

@_cdecl("smtpconn_options_tls_alpn") @implementation
public func smtpconn_options_tls_alpn(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  unsafe getText(options) { $0.protocols }
}

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
