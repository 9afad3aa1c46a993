import SMTPProtocol

/// What can be wrong with an identity before a server is asked.
extension Options {
  func check(_ identity: Identity) throws(Failure) {
    let credentials = identity.credentials
    let texts: [(name: String, value: [UInt8])] = [
      ("user", credentials.user.bytes), ("password", credentials.password.bytes),
      ("authorization_identity", identity.authorization),
      ("access token", identity.accessToken.bytes), ("service_client", identity.serviceClient),
      ("scope", identity.scope),
    ]
    for text in texts where text.value.contains(where: { Bytes.isControl($0) }) {
      throw LoginAttempt.refusal("the \(text.name) contains a control character")
    }
    // A custom mechanism knows what it needs.
    if let authMethod, customMechanisms.has(authMethod) { return }
    if !customMechanisms.isEmpty, authMethod == nil { return }
    if credentials.user.bytes.isEmpty { throw LoginAttempt.refusal("the user is missing") }
    try checkAuthorization(identity)
    let wantsToken = authMethod == MechanismChoice.xoauth2
    let mayUseToken = authMethod == nil && identity.hasToken
    if wantsToken || (credentials.password.bytes.isEmpty && mayUseToken) {
      if !identity.hasToken {
        throw LoginAttempt.refusal("the access token is missing, and every means to get one")
      }
    } else if credentials.password.bytes.isEmpty {
      throw LoginAttempt.refusal("the password is missing")
    }
    if !identity.serviceClient.isEmpty, identity.privateKey.bytes.isEmpty {
      throw LoginAttempt.refusal("the private_key of the service account is missing")
    }
  }

  /// Of the mechanisms here only PLAIN has a place for it. XOAUTH2 is given the name of the
  /// mailbox as the user, whoever the token is for.
  private func checkAuthorization(_ identity: Identity) throws(Failure) {
    guard !identity.authorization.isEmpty else { return }
    if let authMethod, authMethod != MechanismChoice.plain {
      throw LoginAttempt.refusal(
        "auth_method \(Bytes.printable(authMethod)) does not support an authorization_identity; use"
          + " PLAIN, or leave it out")
    }
    if identity.credentials.password.bytes.isEmpty {
      throw LoginAttempt.refusal(
        "an authorization_identity needs a password: it travels with PLAIN; with a token, give"
          + " the mailbox to act for as user")
    }
  }
}
