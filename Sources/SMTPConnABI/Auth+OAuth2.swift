public import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

// OAuth 2.0: tokens, and how to get new ones.

/// Seconds since 1970; 0 means not known.
private func date(_ seconds: UInt64) -> Int64? {
  seconds == 0 ? nil : Int64(clamping: seconds)
}

@_cdecl("smtpconn_auth_set_access_token") @implementation
public func smtpconn_auth_set_access_token(
  _ auth: OpaquePointer?, _ token: UnsafePointer<CChar>?, _ expires: UInt64
) -> CInt {
  guard let handle = unsafe authToChange(auth) else { return nullHandle }
  handle.identity.accessToken = handle.secret(unsafe cBytes(token))
  handle.identity.expires = date(expires)
  return 0
}

@_cdecl("smtpconn_auth_set_refresh_token") @implementation
public func smtpconn_auth_set_refresh_token(
  _ auth: OpaquePointer?, _ token: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe authToChange(auth) else { return nullHandle }
  handle.identity.refreshToken = handle.secret(unsafe cBytes(token))
  return 0
}

@_cdecl("smtpconn_auth_set_scope") @implementation
public func smtpconn_auth_set_scope(
  _ auth: OpaquePointer?, _ scope: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe authToChange(auth) else { return nullHandle }
  handle.identity.scope = unsafe cBytes(scope) ?? []
  return 0
}

@_cdecl("smtpconn_auth_set_client") @implementation
public func smtpconn_auth_set_client(
  _ auth: OpaquePointer?, _ id: UnsafePointer<CChar>?, _ secret: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe authToChange(auth) else { return nullHandle }
  handle.identity.clientID = unsafe cBytes(id) ?? []
  handle.identity.clientSecret = handle.secret(unsafe cBytes(secret))
  return 0
}

@_cdecl("smtpconn_auth_set_service_account") @implementation
public func smtpconn_auth_set_service_account(
  _ auth: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ private_key_pem: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe authToChange(auth) else { return nullHandle }
  handle.identity.serviceClient = unsafe cBytes(name) ?? []
  handle.identity.privateKey = handle.secret(unsafe cBytes(private_key_pem))
  return 0
}

@_cdecl("smtpconn_auth_set_access_url") @implementation
public func smtpconn_auth_set_access_url(
  _ auth: OpaquePointer?, _ url: UnsafePointer<CChar>?
) -> CInt {
  guard let handle = unsafe authToChange(auth) else { return nullHandle }
  let text = unsafe cBytes(url)
  return handle.perform { () throws(Failure) in
    let url = text.flatMap { EndpointURL($0) }
    if text != nil, url == nil {
      // Not quoted: it may contain a password.
      throw Failure(
        .auth, "access_url must be an https URL, or an http URL of this machine", phase: .auth)
    }
    handle.identity.accessURL = url
  }
}

/// `smtpconn_token_request` points to a question, which the login keeps.
private typealias TokenRequests = Handle<TokenQuestion>

@_cdecl("smtpconn_auth_set_token_callback") @implementation
public func smtpconn_auth_set_token_callback(
  _ auth: OpaquePointer?, _ callback: smtpconn_token_callback?,
  _ release: smtpconn_release_callback?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  let owner = unsafe Release(release, user)
  guard let handle = unsafe authToChange(auth) else { return nullHandle }
  // Released after the change: its release callback may set the next one.
  let before = handle.identity.askForToken
  defer { withExtendedLifetime((before, owner)) {} }
  guard let callback = unsafe callback else {
    handle.identity.askForToken = nil
    return 0
  }
  handle.identity.askForToken = { question in
    // Even when the callback frees the connection, and with it the login.
    withExtendedLifetime((owner, question)) {
      unsafe callback(Handle.view(question), question.renews ? 1 : 0, user)
    }
  }
  return 0
}

@_cdecl("smtpconn_token_request_provide") @implementation
public func smtpconn_token_request_provide(
  _ request: OpaquePointer?, _ token: UnsafePointer<CChar>?, _ expires: UInt64
) -> CInt {
  guard let question = unsafe TokenRequests.borrow(request) else { return nullHandle }
  guard let bytes = unsafe cBytes(token), !bytes.isEmpty,
    !bytes.contains(where: { Bytes.isControl($0) })
  else { return ErrorCode.auth.rawValue }
  let token = AccessToken(
    token: Secret(bytes, OpenSSLCryptography()), expires: date(expires))
  return question.answer(.success(token)) ? 0 : ErrorCode.state.rawValue
}

@_cdecl("smtpconn_token_request_fail") @implementation
public func smtpconn_token_request_fail(
  _ request: OpaquePointer?, _ reason: UnsafePointer<CChar>?
) -> CInt {
  guard let question = unsafe TokenRequests.borrow(request) else { return nullHandle }
  let text = unsafe cBytes(reason).map { ": " + Bytes.printable($0, limit: 500) } ?? ""
  let failure = Failure(
    .oauth2, "the token callback has no access token\(text)", command: "AUTH",
    phase: .auth)
  return question.answer(.failure(failure)) ? 0 : ErrorCode.state.rawValue
}

@_cdecl("smtpconn_set_token_callback") @implementation
public func smtpconn_set_token_callback(
  _ connection: OpaquePointer?, _ callback: smtpconn_new_token_callback?,
  _ user: UnsafeMutableRawPointer?
) {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return }
  guard let callback = unsafe callback else {
    handle.connection.events.onToken = nil
    return
  }
  handle.connection.events.onToken = { token in
    unsafe withText(of: token) { text in
      unsafe callback(Handle.view(handle), text, UInt64(clamping: token.expires ?? 0), user)
    }
  }
}

/// Shows a token to C for the time of a call.
func withText(of token: AccessToken, _ body: (UnsafePointer<CChar>?) -> Void) {
  let text = Secret.joined([token.token.bytes[...], [0]], OpenSSLCryptography())
  unsafe text.bytes.withUnsafeBytes {
    unsafe body($0.baseAddress?.assumingMemoryBound(to: CChar.self))
  }
}
