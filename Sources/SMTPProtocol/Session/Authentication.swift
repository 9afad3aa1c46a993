/// An AUTH exchange that is under way (RFC 4954 section 4).
final class Authentication {
  /// RFC 4954 section 4: a command line longer than this must not carry the
  /// initial response.
  static let commandLineLimit = 512

  let mechanism: any Mechanism
  /// The initial response did not fit, or is not to go with the command, and answers the
  /// first challenge instead.
  var holdsInitialResponse = false
  private var rounds = 0
  /// The mechanism has returned `.later` or `.work`.
  private(set) var awaitsAnswer = false
  /// What has to be computed for the response.
  private(set) var work: (any MechanismWork)?
  /// What a server may repeat: the secret, and the responses as they were written; private ones also
  /// as they were given.
  private var repeatable: [Secret]
  /// Set after a cancellation: the server's reply to "*" is still to come.
  private var cancelled: Failure?

  /// `earlier`: with another mechanism, of the same login. A server may be late.
  init(_ mechanism: any Mechanism, after earlier: Authentication?) {
    self.mechanism = mechanism
    repeatable = earlier?.repeatable ?? []
    if let secret = mechanism.secret { repeatable.append(secret) }
  }

  var command: String { ErrorText("AUTH \(Bytes.printable(mechanism.name))").text }

  enum Step {
    case response(Secret)
    case cancel
    case wait
    /// A part of `work` is due.
    case work
    case broken(Failure)
  }

  /// Answers a 334.
  func answer(_ reply: Reply, _ cryptography: any Cryptography) -> Step {
    rounds += 1
    if cancelled != nil || awaitsAnswer || rounds > Session.challengeLimit {
      // Without the reply: a challenge may repeat what the client sent.
      return .broken(
        Failure(
          .protocolViolation, "the server does not stop sending challenges",
          command: command, phase: .auth, kind: .loginExchange))
    }
    if holdsInitialResponse, let response = mechanism.initialResponse {
      holdsInitialResponse = false
      return encoded(response, cryptography)
    }
    let text = reply.lines.last ?? []
    let challenge: [UInt8]
    switch mechanism.reading {
    case .ignored: challenge = []
    case .decodedOrRaw: challenge = decoded(text, cryptography) ?? text
    case .decoded:
      guard let octets = decoded(text, cryptography) else {
        return give(up: "the challenge is not base64")
      }
      challenge = octets
    }
    return step(mechanism.answer(challenge), cryptography)
  }

  /// Base64, which some servers surround with blanks or leave without its padding.
  private func decoded(_ text: [UInt8], _ cryptography: any Cryptography) -> [UInt8]? {
    var digits = Bytes.trimmed(text[...])
    // One digit alone encodes nothing.
    if digits.count % 4 > 1 {
      while digits.count % 4 != 0 { digits.append(.equals) }
    }
    return cryptography.base64Decode(digits)
  }

  func step(_ answer: MechanismAnswer, _ cryptography: any Cryptography) -> Step {
    awaitsAnswer = false
    work = nil
    switch answer {
    case .response(let response): return encoded(response, cryptography)
    case .cancel(let reason): return give(up: reason)
    case .distrust(let reason):
      return .broken(
        Failure(.auth, reason, command: command, phase: .auth, kind: .loginServerSignature))
    case .later:
      awaitsAnswer = true
      return .wait
    case .work(let work):
      awaitsAnswer = true
      self.work = work
      return .work
    }
  }

  private func encoded(_ response: [UInt8], _ cryptography: any Cryptography) -> Step {
    .response(encode(response, cryptography))
  }

  /// In base64, and remembered, to be recognized in a reply.
  func encode(_ response: [UInt8], _ cryptography: any Cryptography) -> Secret {
    let encoded = Secret(cryptography.base64Encode(response), cryptography)
    remember(encoded)
    if mechanism.isPrivate { remember(Secret(response, cryptography)) }
    return encoded
  }

  private func remember(_ response: Secret) {
    if response.bytes.count >= 8 { repeatable.append(response) }
  }

  /// Some servers repeat a line that they do not understand, secrets included.
  func hidingSecrets(_ reply: Reply) -> Reply { isEcho(reply.words) ? reply.masked : reply }

  /// Whether a text of the server has in it what the client has sent.
  private func isEcho(_ text: [UInt8]) -> Bool {
    repeatable.contains { $0.isPart(of: text, atLeast: 4) }
  }

  private func give(up reason: ErrorText) -> Step {
    cancelled = Failure(
      .auth, "the login was given up: \(reason)", command: command, phase: .auth,
      kind: .loginExchange)
    return .cancel
  }

  /// The connection is lost. An earlier reply to the login stays the reason.
  func interrupted(_ failure: Failure) -> Failure {
    // A login that the caller ended has no other reason.
    if failure.code == .cancelled { return failure }
    if let cancelled { return cancelled.followed(by: failure) }
    guard let remark = mechanism.remark, !remark.isEmpty else { return failure }
    var refusal = Failure(.auth, RefusalText.login, command: command, phase: .auth)
    explain(&refusal)
    return refusal.followed(by: failure)
  }

  /// Adds the server's explanation.
  private func explain(_ failure: inout Failure) {
    guard let remark = mechanism.remark, !remark.isEmpty else {
      if let suspicion = mechanism.suspicion { failure.text += " (\(suspicion))" }
      return
    }
    if mechanism.remarkKind != .none { failure.kind = mechanism.remarkKind }
    let told = isEcho(remark) ? Command.mask : remark
    failure.text += " (\(Bytes.printable(told, limit: 500)))"
  }

  /// Success from a server that has not proven yet who it is.
  func isUnproven(_ reply: Reply) -> Bool {
    reply.code == 235 && mechanism.provesServer && !mechanism.isComplete && cancelled == nil
  }

  /// nil when the server accepted, which only 235 means (RFC 4954 section 6).
  func verdict(_ reply: Reply) -> Failure? {
    if let cancelled { return cancelled }
    if reply.code == 235, mechanism.isComplete, !holdsInitialResponse { return nil }
    let text: ErrorText =
      if isUnproven(reply) {
        "the server accepted the login without a proof that it knows the password"
      } else if reply.code == 235 {
        "the server accepted the login before it was complete"
      } else if reply.isPositive {
        "the server answered the login with something else than 235"
      } else {
        RefusalText.login
      }
    var failure = Failure.refused(.auth, text, reply, command: command, phase: .auth)
    explain(&failure)
    if isUnproven(reply) { failure.kind = .loginServerSignature }
    return failure
  }
}
