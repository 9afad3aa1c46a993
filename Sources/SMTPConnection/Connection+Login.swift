package import SMTPProtocol
import SMTPTransport

/// Logging in, which `LoginAttempt` leads.
extension Connection {
  package func login(
    _ identity: Identity, _ completion: @escaping (Failure?) -> Void
  ) throws(Failure) {
    try options.values.check(identity)
    let attempt = LoginAttempt(
      identity, options, loop, callbacks, trace, deadlines, cryptography)
    try enqueue(.login(attempt, completion))
  }

  func startLogin(_ attempt: LoginAttempt, _ channel: Channel) {
    do throws(Failure) {
      if isAuthenticated {
        throw LoginAttempt.refusal("already logged in on this connection")
      }
      // A password without TLS can be read on the network (RFC 4954 section 4, RFC 8314
      // section 3.3), but not on a loopback address. The other end of a connection of the
      // caller is not known: it may be a proxy.
      let isConfidential =
        isSecure || (options.values.connectedSocket == nil && channel.remote.isLoopback)
      take(
        try attempt.begin(offered: capabilities.mechanisms, isConfidential: isConfidential) {
          [self] news in take(news)
        })
    } catch {
      take(.end(error))
    }
  }

  /// With the server's reply, or without one. Another mechanism may follow.
  func endLogin(_ failure: Failure?) {
    if let failure, case .login(let attempt, _) = operations.current {
      take(attempt.next(after: failure))
    } else {
      complete(failure)
    }
  }

  private func take(_ news: LoginAttempt.News) {
    switch news {
    case .token(let token):
      callbacks.appendEvent { [self] in onToken?(token) }
    case .answered(let step):
      take(step)
      handleEvents()
      callbacks.started()
    case .resumed(let step):
      take(step)
      handleEvents()
      settle()
    }
  }

  private func take(_ step: LoginAttempt.Step) {
    switch step {
    case .pending: break
    case .begin(let mechanism): session?.login(mechanism)
    case .respond(let answer): session?.answer(answer)
    case .end(let failure):
      operations.refuseSends(after: failure)
      complete(failure)
    }
  }
}
