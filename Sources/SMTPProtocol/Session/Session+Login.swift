/// Logging in (RFC 4954).
extension Session {
  package func login(_ mechanism: any Mechanism) {
    guard isQuiet() else { return }
    parser.quotes = false
    // RFC 4954 section 4: no AUTH while a transaction is open.
    if needsReset {
      needsReset = false
      state = .clearing(.login(Authentication(mechanism, after: refusedLogin)))
      emit(Command.reset)
    } else {
      authenticate(Authentication(mechanism, after: refusedLogin))
    }
  }

  /// No other mechanism follows: what was sent is erased.
  package func loginEnded() { refusedLogin = nil }

  func authenticate(_ authentication: Authentication) {
    let mechanism = authentication.mechanism
    let start = Bytes.of("AUTH ") + mechanism.name
    // RFC 4954 section 4: an empty response is written "=", and one that is too
    // long for a command line does not go with the command.
    var response: Secret?
    if let initial = mechanism.initialResponse {
      let encoded = authentication.encode(initial, cryptography)
      let isTooLong = start.count + 3 + encoded.bytes.count > Authentication.commandLineLimit
      let isHeld =
        switch configuration.initialResponse {
        case .automatic: isTooLong
        case .always: false
        case .never: true
        }
      if isHeld {
        authentication.holdsInitialResponse = true
      } else {
        response = initial.isEmpty ? Secret([.equals], cryptography) : encoded
      }
    }
    state = .authenticating(authentication)
    if let response {
      emit(start + [.space], response)
    } else {
      emit(start)
    }
  }

  /// The answer of a mechanism that said `.later`.
  package func answer(_ answer: MechanismAnswer) {
    guard case .authenticating(let authentication) = state, authentication.awaitsAnswer, isQuiet()
    else { return }
    take(authentication.step(answer, cryptography))
  }

  /// Does a part of what `workDue` has asked for.
  package func work() {
    guard case .authenticating(let authentication) = state, let work = authentication.work,
      isQuiet()
    else { return }
    take(authentication.step(work.proceed(), cryptography))
  }

  func receiveAuthentication(
    _ reply: Reply, _ authentication: Authentication
  ) {
    if reply.code == 334 {
      take(authentication.answer(reply, cryptography))
      return
    }
    let failure = authentication.verdict(reply)
    if let failure, authentication.isUnproven(reply) {
      fail(failure)
      return
    }
    isAuthenticated = failure == nil
    refusedLogin = isAuthenticated ? nil : authentication
    if isAuthenticated, configuration.renewsHello {
      state = .renewing
      sayHello()
    } else {
      state = .ready
      events.append(.loginDone(failure))
    }
  }

  /// EHLO after a login (RFC 5321 section 4.1.4 allows it at any time): some servers offer
  /// more then. One that refuses it still offers what it offered.
  func receiveRenewal(_ reply: Reply) {
    if reply.isPositive { capabilities = offer(in: reply) }
    state = .ready
    events.append(.loginDone(nil))
  }

  private func take(_ step: Authentication.Step) {
    // A mechanism of the caller's may have ended everything meanwhile.
    guard case .authenticating = state else { return }
    switch step {
    case .response(let response): emit([], response)
    case .cancel: emit(Command.cancelAuthentication)
    case .wait: break
    case .work: events.append(.workDue)
    case .broken(let failure): fail(failure)
    }
  }
}
