/// SCRAM (RFC 5802, RFC 7677): both sides prove that they know the password, or what was computed
/// from it, and neither sends it.
///
///     C: gs2-header n=user,r=nonce
///     S: r=nonce and more,s=salt,i=iterations
///        the client computes SaltedPassword, in parts
///     C: c=gs2-header and channel binding,r=...,p=proof
///     S: v=signature
///     C: nothing: RFC 4954 has no data with 235
///
/// A server whose signature is missing or wrong does not know the password: the connection ends.
package final class Scram: Mechanism, MechanismWork {
  /// Less than a fifth of a millisecond. The event loop runs sixteen parts in a turn.
  static let iterationsPerPart = 256
  /// 144 bits, and base64 without padding.
  private static let nonceLength = 18

  private enum State {
    case begun
    case computing(Stage)
    /// The proof was sent: this is what the server has to answer.
    case proving(signature: Secret)
    case done
    /// The server has explained why it refuses the login.
    case refused
  }

  private struct Stage {
    let stretching: any KeyStretching
    var iterationsLeft: Int
    /// AuthMessage up to the proof, and the end of it, which begins the response.
    let message: [UInt8]
    let final: [UInt8]
  }

  package let name: [UInt8]
  package private(set) var remark: [UInt8]?
  package private(set) var remarkKind = FailureKind.none
  package private(set) var givesWay = false
  private let function: HashFunction
  private let password: Secret
  /// The channel binding comes after it, in the response to the challenge.
  private let header: [UInt8]
  private let binding: [UInt8]
  private let kind: ChannelBinding.Kind?
  private let first: [UInt8]
  private let nonce: [UInt8]
  private let cryptography: any Cryptography
  private var state = State.begun

  /// `header`: gs2-header. `kind`, `binding`: the channel binding that the header names.
  /// nil when the system provides no random octets.
  init?(
    _ variant: ScramVariant, _ credentials: Credentials, header: [UInt8],
    _ kind: ChannelBinding.Kind?, _ binding: [UInt8], _ cryptography: any Cryptography
  ) {
    guard let random = cryptography.randomBytes(Self.nonceLength) else { return nil }
    name = variant.name
    function = variant.function
    password = credentials.password
    self.header = header
    self.kind = kind
    self.binding = binding
    self.cryptography = cryptography
    nonce = cryptography.base64Encode(random)
    first =
      Bytes.of("n=") + ScramMessage.escaped(credentials.user.bytes) + Bytes.of(",r=") + nonce
  }

  /// Servers say nothing of the sort in their replies.
  package var suspicion: ErrorText? {
    guard let kind else { return nil }
    return
      "the channel binding was \(Bytes.printable(kind.name)); channel_binding chooses another one"
  }

  package var secret: Secret? { password }
  package var initialResponse: [UInt8]? { header + first }
  package var provesServer: Bool { true }

  package var isComplete: Bool {
    if case .done = state { true } else { false }
  }

  package func answer(_ challenge: [UInt8]) -> MechanismAnswer {
    switch state {
    case .begun: begin(challenge)
    case .proving(let signature): check(challenge, signature)
    case .computing, .done, .refused:
      .cancel("the server sent another challenge after the end of SCRAM")
    }
  }

  private func begin(_ text: [UInt8]) -> MechanismAnswer {
    switch ScramMessage.challenge(text, nonce: nonce, cryptography) {
    case .refused(let reason):
      return .cancel(reason)
    case .challenge(let challenge):
      guard
        let stretching = cryptography.stretching(
          function, password: password.bytes, salt: challenge.salt)
      else {
        givesWay = true
        return missing
      }
      let bound = cryptography.base64Encode(header + binding)
      let final = Bytes.of("c=") + bound + Bytes.of(",r=") + challenge.nonce
      state = .computing(
        Stage(
          stretching: stretching, iterationsLeft: challenge.iterations - 1,
          message: first + [.comma] + text + [.comma] + final, final: final))
      return .work(self)
    }
  }

  private var missing: MechanismAnswer {
    .cancel("this system does not allow the hash function of \(Bytes.printable(name))")
  }

  package func proceed() -> MechanismAnswer {
    guard case .computing(var stage) = state else { return missing }
    let part = min(stage.iterationsLeft, Self.iterationsPerPart)
    guard stage.stretching.advance(part) else { return missing }
    stage.iterationsLeft -= part
    state = .computing(stage)
    return stage.iterationsLeft > 0 ? .work(self) : prove(stage)
  }

  /// RFC 5802 section 3.
  private func prove(_ stage: Stage) -> MechanismAnswer {
    let salted = Secret(stage.stretching.key, cryptography)
    guard let clientKey = hmac(salted, Bytes.of("Client Key")),
      let storedKey = cryptography.digest(function, clientKey.bytes).map({
        Secret($0, cryptography)
      }),
      let clientSignature = hmac(storedKey, stage.message),
      let serverKey = hmac(salted, Bytes.of("Server Key")),
      let serverSignature = hmac(serverKey, stage.message)
    else { return missing }
    let proof = zip(clientKey.bytes, clientSignature.bytes).map { $0 ^ $1 }
    state = .proving(signature: serverSignature)
    return .response(stage.final + Bytes.of(",p=") + cryptography.base64Encode(proof))
  }

  private func hmac(_ key: Secret, _ message: [UInt8]) -> Secret? {
    cryptography.hmac(function, key: key.bytes, message).map { Secret($0, cryptography) }
  }

  private func check(_ text: [UInt8], _ expected: Secret) -> MechanismAnswer {
    switch ScramMessage.verdict(text, cryptography) {
    case .error(let error):
      state = .refused
      let explanation = ScramMessage.explanation(of: error)
      remark = explanation.text.bytes
      if explanation.isAboutBinding { remarkKind = .loginChannelBinding }
      return .response([])
    case .signature(let signature):
      guard cryptography.isEqual(signature, expected.bytes) else {
        return .distrust("the signature of the server is wrong: it does not know the password")
      }
      state = .done
      return .response([])
    case nil:
      return .distrust("the server did not sign: it may not know the password")
    }
  }
}
