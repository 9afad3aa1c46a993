/// Commands with one reply, outside of transactions and logins.
extension Session {
  /// What the server does not offer is refused before anything is written.
  package func perform(_ request: CommandRequest) {
    guard isQuiet() else { return }
    if let failure = request.refusal(by: capabilities) {
      events.append(.commandDone(failure, nil))
      return
    }
    if request.secret != nil { parser.quotes = false }
    // A failed send may have left a transaction open, in which most commands have no place. The
    // RSET that the next send would begin with makes the server forget XFORWARD.
    if needsReset, request.effect != .resets {
      needsReset = false
      state = .clearing(.command(request))
      emit(Command.reset)
    } else {
      begin(request)
    }
  }

  func begin(_ request: CommandRequest) {
    state = .commanding(request)
    write(request)
  }

  private func write(_ request: CommandRequest) {
    if request.isHello {
      sayHello()
    } else if let secret = request.secret {
      emit(request.nextLine() + [.space], secret)
    } else {
      emit(request.nextLine())
    }
  }

  func receiveCommand(_ reply: Reply, _ request: CommandRequest) {
    let (phase, command) = position
    if reply.isIntermediate, request.effect != .resets {
      fail(
        .refused(
          .protocolViolation, "the server waits for something after \(command)", reply,
          command: command, phase: phase))
      return
    }
    if request.isRestarting { return receiveHello(reply, after: request) }
    let failure = reply.isPositive ? nil : request.refused(reply, command: command)
    if request.effect == .restarts { restart(after: reply, request) }
    if failure == nil, request.hasMore {
      write(request)
    } else if request.hasRestarted {
      request.isRestarting = true
      request.refusal = failure
      write(request)
    } else {
      if failure == nil { accept(reply, request) }
      end(failure, request)
    }
  }

  private func accept(_ reply: Reply, _ request: CommandRequest) {
    switch request.effect {
    case .resets: needsReset = false
    case .renews: capabilities = offer(in: reply)
    case .nothing, .restarts: break
    }
  }

  private func end(_ failure: Failure?, _ request: CommandRequest) {
    state = .ready
    events.append(.commandDone(failure, request.reply))
  }

  // MARK: XCLIENT

  /// After XCLIENT the server knows no more than it did when it sent its greeting. The codes that
  /// are listed mean that it did nothing; any other refusal is one of the connection.
  private func restart(after reply: Reply, _ request: CommandRequest) {
    if !reply.isPositive, [500, 501, 502, 503, 504, 550].contains(reply.code) { return }
    request.hasRestarted = true
    isAuthenticated = false
    capabilities = .none
  }

  private func receiveHello(_ reply: Reply, after request: CommandRequest) {
    let (phase, command) = position
    if reply.isPositive {
      capabilities = offer(in: reply)
      end(request.refusal, request)
    } else {
      leave(
        .refused(
          .protocolViolation, "the server does not accept \(command) after XCLIENT", reply,
          command: command, phase: phase))
    }
  }
}
