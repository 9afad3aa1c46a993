package import SMTPProtocol
import SMTPTransport

/// The way to the server, which `Opening` makes.
extension Connection {
  package func connect(_ completion: @escaping (Failure?) -> Void) throws(Failure) {
    guard case .none = link else {
      throw Failure(.state, "connect was called before; a connection connects once")
    }
    try checkLoop()
    onOpened = completion
    callbacks.operationBegan()
    deadlines.update()
    deadlines.operationBegan()
    link = .opening
    let isTurnNeeded = opening.begin(
      onStep: { [self] step in
        take(step)
        settle()
      }, onReady: { [self] in turn() })
    // For the first line of the log too.
    if isTurnNeeded || trace.isOn { callbacks.wake() }
    setTimer()
  }

  /// Goes on with what is under way; true when the channel is ready for the dialogue.
  func proceedOpening() -> Bool {
    take(opening.proceed())
    if case .open = link { return true }
    return false
  }

  func take(_ step: Opening.Step) {
    switch step {
    case .pending: break
    case .open(let channel):
      link = .open(channel)
      let configuration = Session.Configuration(
        options.values, name: opening.clientName ?? [], opening.tlsPolicy,
        tracesDialogue: trace.recordsDialogue)
      session = Session(configuration, cryptography: cryptography)
    case .upgraded(let channel):
      link = .open(channel)
      session?.secured()
    case .failed(let failure): fail(failure)
    }
  }

  /// The server has agreed to STARTTLS.
  func startTLS() {
    guard case .open(let channel) = link else { return }
    link = .opening
    take(opening.upgrade(channel))
  }

  /// Whether something else is tried after a failure: then the dialogue so far is void.
  func triesAgain(after failure: Failure) -> Bool {
    guard opening.triesAgain(after: failure) else { return false }
    session = nil
    link = .opening
    return true
  }
}
