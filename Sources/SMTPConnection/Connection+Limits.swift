import SMTPProtocol
import SMTPTransport

/// What the connection waits for, as time limits and error messages see it.
extension Connection {
  func setTimer() { deadlines.setTimer(for: waiting, isOperating: isOperating) }

  func limitPassed() {
    deadlines.update()
    let waiting = waiting
    let limit = deadlines.passed(waiting, isOperating: isOperating) {
      if case .open(let channel) = link { channel.unsent } else { nil }
    }
    if let limit {
      let command = session?.position.command ?? "CONN"
      fail(deadlines.failure(of: limit, waiting, phase: phase, command: command))
    }
    callBack()
    setTimer()
  }

  private var isOperating: Bool { onOpened != nil || operations.current != nil }

  private var waiting: Deadlines.Waiting {
    switch link {
    case .none, .over: .nothing
    case .opening: opening.waiting
    case .open(let channel): .dialogue(session?.expectation ?? .nothing, sent: channel.sent)
    }
  }

  var phase: Phase {
    switch link {
    case .none, .over: .idle
    case .opening: opening.phase
    case .open: session?.position.phase ?? .idle
    }
  }
}
