/// From the greeting to a session that is ready: EHLO, and STARTTLS where it is wanted.
extension Session {
  /// TLS is up after `startTLS`. All that was learned before is void (RFC 3207
  /// section 4.2).
  package func secured() {
    isSecure = true
    capabilities = .none
    lastReply = nil
    sayHello(firstHello)
  }

  /// RFC 5321 section 3.1: anything but 220 means that no mail is taken here,
  /// and that QUIT is still due.
  func receiveGreeting(_ reply: Reply) {
    if reply.code == 220 {
      events.append(.greeted)
      sayHello(firstHello)
    } else {
      leave(
        .refused(
          .protocolViolation, "the server does not greet with 220", reply, command: "CONN",
          phase: .greeting))
    }
  }

  var firstHello: Hello { configuration.isLMTP ? .lhlo : .ehlo }

  private func sayHello(_ hello: Hello) {
    state = .hello(hello)
    emit(hello)
  }

  private func emit(_ hello: Hello) {
    emit(Bytes.of(hello.verb) + [.space] + configuration.name)
  }

  /// Without a change of the state.
  func sayHello() { emit(firstHello) }

  func offer(in reply: Reply) -> Capabilities {
    Capabilities(reply: reply, ignoring: configuration.ignored)
  }

  func receiveHello(_ reply: Reply, _ hello: Hello) {
    if reply.isPositive {
      capabilities = hello == .helo ? .none : offer(in: reply)
      chooseSecurity()
    } else if hello == .ehlo, !needsTLS, Self.meansNotUnderstood(reply.code) {
      // 500 and 502 say that the command is not known, and no more.
      if reply.code != 500, reply.code != 502 {
        helloRefusal = .refused(
          .protocolViolation, "the server does not accept EHLO", reply, command: "EHLO",
          phase: .hello)
      }
      sayHello(.helo)
    } else {
      // What HELO is answered is a verdict of its own.
      helloRefusal = nil
      leave(
        .refused(
          needsTLS ? .tls : .protocolViolation,
          needsTLS
            ? "the server does not understand \(hello.verb.description), so STARTTLS is not possible"
            : "the server does not accept \(hello.verb.description)",
          reply, command: hello.verb.description, phase: .hello))
    }
  }

  private var needsTLS: Bool { configuration.tlsPolicy == .required && !isSecure }

  /// RFC 5321 section 3.2 asks for HELO when EHLO is not recognized; 501, 504
  /// and 550 are what servers from before EHLO answer in practice.
  private static func meansNotUnderstood(_ code: Int) -> Bool {
    [500, 501, 502, 504, 550].contains(code)
  }

  private func chooseSecurity() {
    let isOffered = capabilities.has(Bytes.of("STARTTLS"))
    if isSecure || configuration.tlsPolicy == .never || (!isOffered && !needsTLS) {
      state = .ready
      events.append(.opened)
    } else if isOffered {
      state = .upgrading
      emit(Command.startTLS)
    } else {
      leave(
        Failure(
          .tls,
          "TLS is required (by require_tls, tls_pins or tls_tlsa) and the server does not offer STARTTLS; if"
            + " it expects TLS from the start, set secure and its port",
          command: "STARTTLS", phase: .starttls, kind: .tlsNotOffered))
    }
  }

  /// Only 220 is an agreement (RFC 3207 section 4).
  func receiveUpgrade(_ reply: Reply) {
    if reply.code == 220 {
      state = .securing
      beginTLS()
    } else if configuration.tlsPolicy == .opportunistic {
      // What EHLO said still holds: nothing has changed (RFC 3207 section 4).
      state = .ready
      events.append(.opened)
    } else {
      leave(
        .refused(
          .tls, "the server offered STARTTLS and refuses it", reply, command: "STARTTLS",
          phase: .starttls))
    }
  }

  /// RFC 5321 section 4.1.1.10: a client does not close without QUIT.
  func leave(_ failure: Failure) {
    emit(Command.quit)
    hasFarewell = true
    events.append(.farewell)
    fail(failure)
  }
}
