import SMTPProtocol
import SMTPTransport

/// One login: which mechanism is tried, with which token, and what is tried after a refusal.
final class LoginAttempt {
  /// What comes next.
  enum Step {
    /// Something was asked for; more comes through `onNews`.
    case pending
    /// AUTH with this mechanism.
    case begin(any Mechanism)
    /// The response to a challenge that was kept waiting.
    case respond(MechanismAnswer)
    case end(Failure)
  }

  /// What comes later.
  enum News {
    /// A token endpoint has given a token.
    case token(AccessToken)
    /// The caller has answered, perhaps inside a callback.
    case answered(Step)
    /// The loop has called.
    case resumed(Step)
  }

  /// What is tried, or about to be.
  private var name: [UInt8] = []

  /// Of this library, under way.
  private var mechanism: (any Mechanism)?

  private let identity: Identity
  private let options: SharedOptions
  private let loop: EventLoop
  private let callbacks: CallbackQueue
  private let trace: Trace
  private let deadlines: Deadlines
  private let cryptography: any Cryptography

  private var onNews: ((News) -> Void)?
  private var channel = MechanismFactory.Channel()
  /// The mechanisms not tried yet.
  private var candidates: [[UInt8]] = []
  private var history = LoginHistory()
  /// What the server has before it is a token.
  private var triesToken = false
  /// The caller's own, the last of them perhaps under way. The caller may look at
  /// them until it knows that the login has ended.
  private var exchanges: [any CustomMechanism] = []
  /// What the server has not refused.
  private var token: AccessToken?
  /// A token is renewed once: a server that refuses a fresh one means it.
  private var hasRenewed = false
  private var question: TokenQuestion?
  private var exchange: TokenExchange?
  /// The delivery of the answer to `question`.
  private var delivery: LoopTask?

  init(
    _ identity: Identity, _ options: SharedOptions, _ loop: EventLoop, _ callbacks: CallbackQueue,
    _ trace: Trace, _ deadlines: Deadlines, _ cryptography: any Cryptography
  ) {
    self.identity = identity
    self.options = options
    self.loop = loop
    self.callbacks = callbacks
    self.trace = trace
    self.deadlines = deadlines
    self.cryptography = cryptography
  }

  // MARK: From outside

  /// `isConfidential`: nobody can read along.
  func begin(
    with session: Session, _ binding: ChannelBinding, isConfidential: Bool,
    onNews: @escaping (News) -> Void
  ) -> Step {
    do throws(Failure) {
      if session.isAuthenticated {
        throw Self.refusal("already logged in on this connection")
      }
      return try begin(
        offered: session.capabilities.mechanisms, binding, isConfidential: isConfidential,
        onNews: onNews)
    } catch {
      return .end(error)
    }
  }

  /// `offered`: the mechanisms of the server. `isConfidential`: nobody can read along.
  func begin(
    offered: [[UInt8]], _ binding: ChannelBinding = .none, isConfidential: Bool,
    onNews: @escaping (News) -> Void
  ) throws(Failure) -> Step {
    let means = options.values.means(
      of: identity, hasBinding: binding.isWanted, isConfidential: isConfidential)
    let list = options.values.mechanisms
    channel = MechanismFactory.Channel(
      binding, offered: offered, fitting: MechanismChoice.fitting(list, means))
    candidates = try MechanismChoice.candidates(list, offered: offered, means: means)
    history.offered = offered
    self.onNews = onNews
    return tryNext()
  }

  /// After `failure`: what is tried now, or the end.
  func next(after failure: Failure) -> Step {
    guard let reply = failure.reply else {
      return mechanism?.givesWay ?? false ? tryNext(after: failure) : .end(failure)
    }
    // The server has seen a sign of an attacker, who must not get a password instead.
    if failure.kind == .loginChannelBinding { return .end(failure) }
    if Self.isAboutMechanism(reply) {
      // Whoever is between could say so, to be shown the password or to have a login without
      // binding. 504 is safe: a server that has the binding detects that it was denied.
      if reply.code != 504, MechanismChoice.isBound(name) {
        candidates.removeAll { !MechanismChoice.isBound($0) }
      }
      if !candidates.isEmpty { return tryNext(after: failure) }
    }
    if triesToken, !hasRenewed, identity.canRenew, !reply.isTransient {
      hasRenewed = true
      history.add(name, failure)
      trace.note(.smtp, "the server refuses the access token; getting a new one")
      return getToken(renews: true)
    }
    guard reply.code == 535 else { return .end(failure) }
    keepOtherProofs()
    return tryNext(after: failure)
  }

  /// What the server has refused it is not shown again with another mechanism: each refusal may
  /// count towards locking the account. What a mechanism of the caller's shows is not known.
  private func keepOtherProofs() {
    let refused = proof(of: name)
    history.untried = candidates
    candidates = candidates.filter { candidate in
      guard let refused, let proof = proof(of: candidate) else { return false }
      return proof != refused
    }
    history.untried.removeAll { candidates.contains($0) }
  }

  private func proof(of name: [UInt8]) -> BuiltInMechanism.Proof? {
    if options.values.customMechanisms.names.contains(name) { return nil }
    return BuiltInMechanism.named(name)?.proof
  }

  /// Why the login failed, with all that was tried.
  func reason(for failure: Failure) -> Failure { history.reason(for: failure, of: name) }

  /// A token, or an answer of the caller's mechanism, is waited for while the dialogue is idle.
  func located(_ failure: Failure) -> Failure {
    guard failure.phase == .idle else { return failure }
    var failure = failure
    failure.phase = .auth
    failure.command = command
    return failure
  }

  private var command: String { ErrorText("AUTH \(Bytes.printable(name))").text }

  /// Lets go of whatever is still asked for. The questions stay until the callback of the login
  /// has run, but no answer leads back here.
  func stop() {
    onNews = nil
    stopExchange()
    question?.withdraw()
    exchange?.cancel()
    exchange = nil
    delivery?.cancel()
    delivery = nil
    mechanism = nil
    token = nil
  }

  // MARK: Mechanisms

  /// RFC 4954 sections 4 and 6: 504, the mechanism is not supported; 534, it is too weak; 538, it
  /// needs TLS; 432, the account is to be moved to it by logging in with another one first.
  private static func isAboutMechanism(_ reply: Reply) -> Bool {
    [504, 534, 538, 432].contains(reply.code)
  }

  private func tryNext(after failure: Failure) -> Step {
    if candidates.isEmpty { return .end(failure) }
    history.add(name, failure)
    if failure.reply?.code == 504 { channel.isNotSupported(name) }
    return tryNext()
  }

  private func tryNext() -> Step {
    guard !candidates.isEmpty else { return .pending }
    name = candidates.removeFirst()
    triesToken = false
    mechanism = nil
    trace.note(.smtp, "logging in with \(Bytes.printable(name))")
    if let custom = options.values.customMechanisms.make(name) {
      ask(custom)
      return .pending
    }
    switch factory.make(name) {
    case .mechanism(let mechanism): return begin(mechanism)
    case .needsToken: return getToken(renews: false)
    case .unfit(let reason): return tryNext(after: Self.refusal(reason))
    case .refused(let failure): return .end(failure)
    case .unknown: return .end(unknownMechanism)
    }
  }

  private func begin(_ mechanism: any Mechanism) -> Step {
    self.mechanism = mechanism
    return .begin(mechanism)
  }

  private var factory: MechanismFactory {
    MechanismFactory(
      identity.credentials, authorization: identity.authorization, channel: channel,
      server: options.values.namedServer,
      givesUserFirst: options.values.initialResponse == .always, cryptography)
  }

  private var unknownMechanism: Failure {
    Self.refusal("this library has no mechanism \(Bytes.printable(name))")
  }

  private func ask(_ custom: any CustomMechanism) {
    stopExchange()
    exchanges.append(custom)
    custom.onQuestion = { [callbacks] question in callbacks.append(question) }
    custom.onAnswer = { [self] answer in report(.answered(.respond(answer))) }
    custom.begin { [self] refusal in
      // The caller may have ended everything inside: `report` does nothing then.
      if let refusal {
        report(
          .answered(.end(Self.refusal("the login was given up: \(refusal)", .loginExchange))))
      } else {
        report(.answered(.begin(custom)))
      }
    }
  }

  /// An exchange that is over has no answer for the next one.
  private func stopExchange() {
    exchanges.last?.onAnswer = nil
    exchanges.last?.onQuestion = nil
  }

  private func report(_ news: News) {
    if let onNews { onNews(news) }
  }

  static func refusal(_ text: ErrorText, _ kind: FailureKind = .none) -> Failure {
    Failure(.auth, text, command: "AUTH", phase: .auth, kind: kind)
  }

  // MARK: Tokens

  private func getToken(renews: Bool) -> Step {
    // Another mechanism with the same token.
    if !renews, let token { return use(.success(token)) }
    let known = AccessToken(token: identity.accessToken, expires: identity.expires)
    if !renews, !known.token.bytes.isEmpty {
      if known.isValid(at: Clock.secondsSince1970()) { return use(.success(known)) }
      hasRenewed = true
    }
    if let ask = identity.askForToken {
      let question = TokenQuestion(renews: renews || !known.token.bytes.isEmpty) { [self] result in
        deliver(result)
      }
      self.question = question
      callbacks.append { if question.isOpen { ask(question) } }
      return .pending
    }
    do throws(Failure) {
      guard let request = try identity.tokenRequest(now: Clock.secondsSince1970())
      else {
        throw Failure(
          .oauth2, "the access token has expired, and there are no means to get a new one",
          command: "AUTH", phase: .auth)
      }
      askEndpoint(request)
      return .pending
    } catch {
      return use(.failure(error))
    }
  }

  private func askEndpoint(_ request: TokenRequest) {
    trace.note(.smtp, "asking \(Bytes.printable(request.url.authority)) for an access token")
    let exchange = TokenExchange(loop, request, options, cryptography)
    self.exchange = exchange
    exchange.start { [self] result in
      deadlines.update()
      let now = Clock.secondsSince1970()
      let token = result.flatMap { AccessToken.read($0, to: request, now: now, cryptography) }
      if case .success(let token) = token { report(.token(token)) }
      report(.resumed(use(token)))
    }
  }

  /// The caller may answer at any time, even from inside the callback.
  private func deliver(_ result: Result<AccessToken, Failure>) {
    let task = LoopTask { [self] in
      deadlines.update()
      delivery = nil
      report(.resumed(use(result)))
    }
    delivery = task
    loop.schedule(task)
  }

  private func use(_ result: Result<AccessToken, Failure>) -> Step {
    question = nil
    exchange = nil
    deadlines.activity()
    switch result {
    case .success(let token):
      guard case .mechanism(let mechanism) = factory.make(name, token: token.token) else {
        return .end(unknownMechanism)
      }
      triesToken = true
      self.token = token
      return begin(mechanism)
    case .failure(var failure):
      failure.command = command
      candidates.removeAll { proof(of: $0) == .token }
      return tryNext(after: failure)
    }
  }
}
