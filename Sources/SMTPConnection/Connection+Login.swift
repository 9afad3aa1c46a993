package import SMTPProtocol
import SMTPTransport

/// Logging in: which mechanism, with which token, and what to try next.
extension Connection {
  package func login(
    _ identity: Identity, _ completion: @escaping (Failure?) -> Void
  ) throws(Failure) {
    try checkIdentity(identity)
    try enqueue(.login(LoginAttempt(identity), completion))
  }

  private func checkIdentity(_ identity: Identity) throws(Failure) {
    let credentials = identity.credentials
    let texts: [(name: String, value: [UInt8])] = [
      ("user", credentials.user.bytes), ("password", credentials.password.bytes),
      ("authorization_identity", identity.authorization),
      ("access token", identity.accessToken.bytes), ("service_client", identity.serviceClient),
      ("scope", identity.scope),
    ]
    for text in texts where text.value.contains(where: { Bytes.isControl($0) }) {
      throw Self.refusal("the \(text.name) contains a control character")
    }
    // A custom mechanism knows what it needs.
    if let wanted = options.authMethod, options.customMechanisms.has(wanted) { return }
    if !options.customMechanisms.isEmpty, options.authMethod == nil { return }
    if credentials.user.bytes.isEmpty { throw Self.refusal("the user is missing") }
    try checkAuthorization(identity)
    let wantsToken = options.authMethod == MechanismChoice.xoauth2
    let mayUseToken = options.authMethod == nil && identity.hasToken
    if wantsToken || (credentials.password.bytes.isEmpty && mayUseToken) {
      if !identity.hasToken {
        throw Self.refusal("the access token is missing, and every means to get one")
      }
    } else if credentials.password.bytes.isEmpty {
      throw Self.refusal("the password is missing")
    }
    if !identity.serviceClient.isEmpty, identity.privateKey.bytes.isEmpty {
      throw Self.refusal("the private_key of the service account is missing")
    }
  }

  /// Of the mechanisms here only PLAIN has a place for it. XOAUTH2 is given the name of the
  /// mailbox as the user, whoever the token is for.
  private func checkAuthorization(_ identity: Identity) throws(Failure) {
    guard !identity.authorization.isEmpty else { return }
    if let wanted = options.authMethod, wanted != MechanismChoice.plain {
      throw Self.refusal(
        "auth_method \(Bytes.printable(wanted)) does not support an authorization_identity; use"
          + " PLAIN, or leave it out")
    }
    if identity.credentials.password.bytes.isEmpty {
      throw Self.refusal(
        "an authorization_identity needs a password: it travels with PLAIN; with a token, give"
          + " the mailbox to act for as user")
    }
  }

  private static func refusal(_ text: ErrorText) -> Failure {
    Failure(.auth, text, command: "AUTH", phase: .auth)
  }

  // MARK: Mechanisms

  func startLogin(_ attempt: LoginAttempt, _ channel: Channel) throws(Failure) {
    if isAuthenticated { throw Self.refusal("already logged in on this connection") }
    let credentials = attempt.identity.credentials
    let means = MechanismChoice.Means(
      hasPassword: !credentials.user.bytes.isEmpty && !credentials.password.bytes.isEmpty,
      hasToken: !credentials.user.bytes.isEmpty && attempt.identity.hasToken,
      hasAuthorization: !attempt.identity.authorization.isEmpty,
      custom: options.customMechanisms.names,
      // A password without TLS can be read on the network (RFC 4954 section 4, RFC 8314
      // section 3.3), but not on a loopback address. The other end of a connection of the
      // caller is not known: it may be a proxy.
      isConfidential: isSecure
        || (options.connectedSocket == nil && channel.remote.isLoopback),
      allowsClear: options.allowInsecureAuth)
    attempt.candidates = try MechanismChoice.candidates(
      wanted: options.authMethod, offered: capabilities.mechanisms, means: means)
    tryNextMechanism(attempt)
  }

  private func tryNextMechanism(_ attempt: LoginAttempt) {
    guard let name = attempt.candidates.first else { return }
    attempt.candidates.removeFirst()
    attempt.name = name
    let credentials = attempt.identity.credentials
    trace.note(.smtp, "logging in with \(Bytes.printable(name))")
    if let custom = options.customMechanisms.make(name) {
      start(attempt, custom)
    } else if name == MechanismChoice.plain {
      let authorization = attempt.identity.authorization
      start(attempt, Plain(credentials, authorization: authorization, cryptography))
    } else if name == MechanismChoice.login {
      start(attempt, Login(credentials, givesUserFirst: options.initialResponse == .always))
    } else if name == MechanismChoice.cramMD5 {
      start(attempt, CramMD5(credentials, cryptography))
    } else {
      getToken(attempt, renews: false)
    }
  }

  private func start(_ attempt: LoginAttempt, _ custom: any CustomMechanism) {
    attempt.add(custom)
    custom.onQuestion = { [callbacks] question in callbacks.append(question) }
    custom.onAnswer = { [self] answer in
      session?.answer(answer)
      goOnLoggingIn()
    }
    custom.begin { [self] refusal in
      // The caller may have ended everything inside.
      guard isRunning(attempt) else { return }
      if let refusal {
        endLogin(Self.refusal("the login was given up: \(refusal)"))
      } else {
        start(attempt, custom as any Mechanism)
      }
      goOnLoggingIn()
    }
  }

  private func goOnLoggingIn() {
    handleEvents()
    callbacks.started()
  }

  private func start(_ attempt: LoginAttempt, _ mechanism: any Mechanism) {
    attempt.mechanism = mechanism
    session?.login(mechanism)
  }

  /// With the server's reply, or without one. Another mechanism may follow.
  func endLogin(_ failure: Failure?) {
    if let failure, triesAgain(after: failure) { return }
    if let failure { operations.refuseSends(after: failure) }
    complete(failure)
  }

  private func isRunning(_ attempt: LoginAttempt) -> Bool {
    guard case .login(let running, _) = operations.current else { return false }
    return running === attempt
  }

  /// After a refusal: whether something else is tried. A refused password is not
  /// tried again with another mechanism, which would lock the account.
  private func triesAgain(after failure: Failure) -> Bool {
    guard case .login(let attempt, _) = operations.current, let reply = failure.reply else {
      return false
    }
    if attempt.mechanism is XOAuth2, !attempt.hasRenewed, attempt.identity.canRenew,
      !reply.isTransient
    {
      attempt.hasRenewed = true
      attempt.refusal = failure
      trace.note(.smtp, "the server refuses the access token; getting a new one")
      getToken(attempt, renews: true)
      return true
    }
    if Self.isAboutMechanism(reply), !attempt.candidates.isEmpty {
      attempt.refusal = attempt.refusal ?? failure
      tryNextMechanism(attempt)
      return true
    }
    return false
  }

  /// RFC 4954 sections 4 and 6: 504, the mechanism is not supported; 534, it is too weak;
  /// 538, it needs TLS.
  private static func isAboutMechanism(_ reply: Reply) -> Bool {
    reply.code == 504 || reply.code == 534 || reply.code == 538
  }

  // MARK: Tokens

  private func getToken(_ attempt: LoginAttempt, renews: Bool) {
    let identity = attempt.identity
    let known = AccessToken(token: identity.accessToken, expires: identity.expires)
    if !renews, !known.token.bytes.isEmpty, known.isValid(at: Clock.secondsSince1970()) {
      useToken(attempt, .success(known))
      return
    }
    if !renews, !known.token.bytes.isEmpty { attempt.hasRenewed = true }
    if let ask = identity.askForToken {
      let question = TokenQuestion(renews: renews || !known.token.bytes.isEmpty) { [self] result in
        queueToken(attempt, result)
      }
      attempt.question = question
      callbacks.append { if question.isOpen { ask(question) } }
      return
    }
    do throws(Failure) {
      guard let request = try identity.tokenRequest(now: Clock.secondsSince1970())
      else {
        throw Failure(
          .oauth2, "the access token has expired, and there are no means to get a new one",
          command: "AUTH XOAUTH2", phase: .auth)
      }
      askEndpoint(attempt, request)
    } catch {
      useToken(attempt, .failure(error))
    }
  }

  private func askEndpoint(_ attempt: LoginAttempt, _ request: TokenRequest) {
    trace.note(.smtp, "asking \(Bytes.printable(request.url.authority)) for an access token")
    let exchange = TokenExchange(loop, request, trusting: options.tls, cryptography)
    attempt.exchange = exchange
    exchange.start { [self] result in
      deadlines.update()
      let now = Clock.secondsSince1970()
      let token = result.flatMap { AccessToken.read($0, to: request, now: now, cryptography) }
      if case .success(let token) = token {
        callbacks.appendEvent { [self] in onToken?(token) }
      }
      useToken(attempt, token)
      settle()
    }
  }

  /// The caller may answer at any time, even from inside the callback.
  private func queueToken(_ attempt: LoginAttempt, _ result: Result<AccessToken, Failure>) {
    let task = LoopTask { [self] in
      deadlines.update()
      tokenTask = nil
      useToken(attempt, result)
      settle()
    }
    tokenTask = task
    loop.schedule(task)
  }

  private func useToken(_ attempt: LoginAttempt, _ result: Result<AccessToken, Failure>) {
    attempt.question = nil
    attempt.exchange = nil
    guard isRunning(attempt) else { return }
    deadlines.activity()
    switch result {
    case .success(let token):
      let user = attempt.identity.credentials.user
      start(attempt, XOAuth2(user: user, token: token.token, cryptography))
    case .failure(let failure):
      endLogin(failure)
    }
    handleEvents()
  }
}
