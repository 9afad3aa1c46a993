import SMTPProtocol
import SMTPTransport

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
    if pipe != nil, identity.asksEndpoint {
      throw LoginAttempt.refusal(
        "a token endpoint needs a socket, which this connection does not have: get tokens with a"
          + " token callback")
    }
    if let lack = MechanismChoice.lack(mechanisms, means(of: identity)) {
      throw LoginAttempt.refusal(lack)
    }
    if !identity.serviceClient.isEmpty, identity.privateKey.bytes.isEmpty {
      throw LoginAttempt.refusal("the private_key of the service account is missing")
    }
  }

  /// `isConfidential`: nobody can read along.
  func means(
    of identity: Identity, hasBinding: Bool = true, isConfidential: Bool = true
  ) -> MechanismChoice.Means {
    let credentials = identity.credentials
    var means = MechanismChoice.Means(
      hasPassword: !credentials.password.bytes.isEmpty, hasToken: identity.hasToken,
      hasAuthorization: !identity.authorization.isEmpty, hasBinding: hasBinding,
      custom: customMechanisms.names,
      isConfidential: isConfidential, allowsClear: allowInsecureAuth)
    means.hasCertificate = tls.certificate != nil
    means.hasUser = !credentials.user.bytes.isEmpty
    return means
  }

  /// As the caller has named it. The other end of what the caller has connected may have another
  /// port.
  var namedServer: OAuthBearer.Server {
    if socketPath == nil, connectedSocket == nil, pipe == nil {
      return OAuthBearer.Server(host: effectiveHost, port: effectivePort)
    }
    return OAuthBearer.Server(host: host, port: nil)
  }
}
