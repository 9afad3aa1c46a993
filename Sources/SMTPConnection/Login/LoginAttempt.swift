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

  private let identity: Identity
  private let options: SharedOptions
  private let loop: EventLoop
  private let callbacks: CallbackQueue
  private let trace: Trace
  private let deadlines: Deadlines
  private let cryptography: any Cryptography

  private var onNews: ((News) -> Void)?
  /// The mechanisms not tried yet.
  private var candidates: [[UInt8]] = []
  /// What the server has before it is a token.
  private var triesToken = false
  /// The caller's own, the last of them perhaps under way. The caller may look at
  /// them until it knows that the login has ended.
  private var exchanges: [any CustomMechanism] = []
  /// A token is renewed once: a server that refuses a fresh one means it.
  private var hasRenewed = false
  /// The refusal of the mechanism tried before.
  private var refusal: Failure?
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
    with session: Session, isConfidential: Bool, onNews: @escaping (News) -> Void
  ) -> Step {
    do throws(Failure) {
      if session.isAuthenticated {
        throw Self.refusal("already logged in on this connection")
      }
      return try begin(
        offered: session.capabilities.mechanisms, isConfidential: isConfidential, onNews: onNews)
    } catch {
      return .end(error)
    }
  }

  /// `offered`: the mechanisms of the server. `isConfidential`: nobody can read along.
  func begin(
    offered: [[UInt8]], isConfidential: Bool, onNews: @escaping (News) -> Void
  ) throws(Failure) -> Step {
    let credentials = identity.credentials
    let means = MechanismChoice.Means(
      hasPassword: !credentials.user.bytes.isEmpty && !credentials.password.bytes.isEmpty,
      hasToken: !credentials.user.bytes.isEmpty && identity.hasToken,
      hasAuthorization: !identity.authorization.isEmpty,
      custom: options.values.customMechanisms.names, isConfidential: isConfidential,
      allowsClear: options.values.allowInsecureAuth)
    candidates = try MechanismChoice.candidates(
      wanted: options.values.authMethod, offered: offered, means: means)
    self.onNews = onNews
    return tryNext()
  }

  /// After `failure`: what is tried now, or the end. A refused password is not tried again with
  /// another mechanism, which would lock the account.
  func next(after failure: Failure) -> Step {
    guard let reply = failure.reply else { return .end(failure) }
    if triesToken, !hasRenewed, identity.canRenew, !reply.isTransient {
      hasRenewed = true
      refusal = failure
      trace.note(.smtp, "the server refuses the access token; getting a new one")
      return getToken(renews: true)
    }
    if Self.isAboutMechanism(reply), !candidates.isEmpty {
      refusal = refusal ?? failure
      return tryNext()
    }
    return .end(failure)
  }

  /// The connection was lost while another mechanism was tried: the refusal stays the error.
  /// After several mechanisms the text says why the first one failed too.
  func reason(for failure: Failure) -> Failure {
    // What the caller ended itself has no other reason.
    guard let refusal, failure.code != .cancelled else { return failure }
    if failure.code != .auth, failure.code != .oauth2 { return refusal.followed(by: failure) }
    if failure.command.utf8.elementsEqual(refusal.command.utf8) { return failure }
    var failure = failure
    failure.text += "; before that, with \(refusal.command): \(refusal.text)"
    return failure
  }

  /// A token, or an answer of the caller's mechanism, is waited for while the dialogue is idle.
  func located(_ failure: Failure) -> Failure {
    guard failure.phase == .idle else { return failure }
    var failure = failure
    failure.phase = .auth
    failure.command = ErrorText("AUTH \(Bytes.printable(name))").text
    return failure
  }

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
  }

  // MARK: Mechanisms

  /// RFC 4954 sections 4 and 6: 504, the mechanism is not supported; 534, it is too weak;
  /// 538, it needs TLS.
  private static func isAboutMechanism(_ reply: Reply) -> Bool {
    reply.code == 504 || reply.code == 534 || reply.code == 538
  }

  private func tryNext() -> Step {
    guard !candidates.isEmpty else { return .pending }
    name = candidates.removeFirst()
    triesToken = false
    trace.note(.smtp, "logging in with \(Bytes.printable(name))")
    if let custom = options.values.customMechanisms.make(name) {
      ask(custom)
      return .pending
    }
    switch factory.make(name) {
    case .mechanism(let mechanism): return .begin(mechanism)
    case .needsToken: return getToken(renews: false)
    case .unknown: return .end(unknownMechanism)
    }
  }

  private var factory: MechanismFactory {
    MechanismFactory(
      identity.credentials, authorization: identity.authorization,
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
        report(.answered(.end(Self.refusal("the login was given up: \(refusal)"))))
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

  static func refusal(_ text: ErrorText) -> Failure {
    Failure(.auth, text, command: "AUTH", phase: .auth)
  }

  // MARK: Tokens

  private func getToken(renews: Bool) -> Step {
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
          command: "AUTH XOAUTH2", phase: .auth)
      }
      askEndpoint(request)
      return .pending
    } catch {
      return use(.failure(error))
    }
  }

  private func askEndpoint(_ request: TokenRequest) {
    trace.note(.smtp, "asking \(Bytes.printable(request.url.authority)) for an access token")
    let exchange = TokenExchange(loop, request, trusting: options.values.tls, cryptography)
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
      return .begin(mechanism)
    case .failure(let failure):
      return .end(failure)
    }
  }
}
