import Testing

@testable import SMTPProtocol

/// What SCRAM says of itself, and what a server may not send. The functions are those of the
/// tests; `ScramTests` of SMTPTransport has the examples of the RFCs.
@Suite struct ScramMechanismTests {
  private let cryptography = FixedCryptography()
  /// Of 18 octets.
  private static let nonce = "AAECAwQFBgcICQoLDA0ODxAR"
  private static let challenge = "r=\(nonce)xyz,s=c2FsdA==,i=4096"

  private func made(
    _ name: String, user: String = "tim", password: String = "tanstaaf",
    authorization: String = "", _ binding: ChannelBinding = .none, offered: String = ""
  ) -> MechanismFactory.Made {
    MechanismFactory(
      Credentials(user: bytes(user), password: bytes(password), cryptography),
      authorization: bytes(authorization),
      channel: .init(binding, offered: offered.split(separator: " ").map { bytes(String($0)) }),
      givesUserFirst: false, cryptography
    ).make(bytes(name))
  }

  private func scram(_ made: MechanismFactory.Made) throws -> Scram {
    guard case .mechanism(let mechanism) = made else {
      throw Failure(.auth, "\(reason(made) ?? "not made")")
    }
    return try #require(mechanism as? Scram)
  }

  private func reason(_ made: MechanismFactory.Made) -> String? {
    switch made {
    case .unfit(let reason): "unfit: \(reason.text)"
    case .refused(let failure): "refused: \(failure.message)"
    case .mechanism, .needsToken, .unknown: nil
    }
  }

  private func text(_ answer: MechanismAnswer) -> String {
    switch answer {
    case .response(let response): String(decoding: response, as: UTF8.self)
    case .cancel(let reason): "cancel: \(reason.text)"
    case .distrust(let reason): "distrust: \(reason.text)"
    case .work: "work"
    case .later: "later"
    }
  }

  /// To the client's proof.
  private func proven(_ challenge: String = Self.challenge) throws -> Scram {
    let scram = try scram(made("SCRAM-SHA-256"))
    var answer = scram.answer(bytes(challenge))
    while case .work(let work) = answer { answer = work.proceed() }
    guard case .response = answer else { throw Failure(.auth, "\(text(answer))") }
    return scram
  }

  // MARK: What it begins with

  /// RFC 5802 section 6: "y" only when the server offers no -PLUS at all.
  @Test(arguments: [
    ("SCRAM-SHA-256", ChannelBinding.none, "SCRAM-SHA-256", "n,,"),
    ("SCRAM-SHA-256", .none, "SCRAM-SHA-256 SCRAM-SHA-256-PLUS", "n,,"),
    ("SCRAM-SHA-256", .available(.exporter, [1]), "SCRAM-SHA-256", "y,,"),
    ("SCRAM-SHA-256", .available(.exporter, [1]), "SCRAM-SHA-256 SCRAM-SHA-1-PLUS", "n,,"),
    (
      "SCRAM-SHA-1-PLUS", .available(.endPoint, [1]), "SCRAM-SHA-1-PLUS", "p=tls-server-end-point,,"
    ),
    ("SCRAM-SHA-512-PLUS", .available(.unique, [1]), "", "p=tls-unique,,"),
  ])
  func `the header says what was possible`(
    _ name: String, _ binding: ChannelBinding, _ offered: String, _ header: String
  ) throws {
    let scram = try scram(made(name, binding, offered: offered))
    #expect(
      scram.initialResponse.map { String(decoding: $0, as: UTF8.self) }
        == "\(header)n=tim,r=\(Self.nonce)")
    #expect(scram.secret?.bytes == bytes("tanstaaf"))
  }

  @Test func `names are escaped`() throws {
    let scram = try scram(made("SCRAM-SHA-1", user: "t,i=m", authorization: "=,"))
    #expect(
      scram.initialResponse.map { String(decoding: $0, as: UTF8.self) }
        == "n,a==3D=2C,n=t=2Ci=3Dm,r=\(Self.nonce)")
  }

  @Test func `who acts as itself does not say so`() throws {
    let scram = try scram(made("SCRAM-SHA-1", authorization: "tim"))
    #expect(
      scram.initialResponse.map { String(decoding: $0, as: UTF8.self) }
        == "n,,n=tim,r=\(Self.nonce)")
  }

  @Test func `what is missing is named`() {
    #expect(
      reason(made("SCRAM-SHA-1-PLUS"))?.hasPrefix("unfit: SCRAM-SHA-1-PLUS needs channel binding")
        == true)
    for name in ["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"] {
      #expect(
        reason(made(name, .missing(.unique)))?.hasPrefix("refused: channel_binding is tls-unique")
          == true)
    }
    cryptography.hasRandom = false
    #expect(reason(made("SCRAM-SHA-1")) == "unfit: this system provides no random octets")
  }

  @Test(arguments: ["user", "password", "authorization_identity"])
  func `what SASLprep would change is not for SCRAM`(_ field: String) throws {
    func name(_ text: String, _ other: String) -> String { field == other ? text : "ascii" }
    for text in ["caf\u{E9}", "\u{43F}\u{430}\u{440}\u{43E}\u{43B}\u{44C}", "\u{5BC6}\u{7801}"] {
      _ = try scram(
        made(
          "SCRAM-SHA-256", user: name(text, "user"), password: name(text, "password"),
          authorization: name(text, "authorization_identity")))
    }
    for text in ["cafe\u{301}", "\u{AA}", "a\u{A0}b", "\u{AD}", "\u{5D0}", "\u{1F600}"] {
      let made = made(
        "SCRAM-SHA-256", user: name(text, "user"), password: name(text, "password"),
        authorization: name(text, "authorization_identity"))
      #expect(reason(made)?.hasPrefix("unfit: the \(field) has ") == true)
    }
  }

  // MARK: The challenge

  @Test(arguments: [
    ("", "not one of SCRAM"),
    ("r=\(nonce)xyz", "not one of SCRAM"),
    ("r=\(nonce)xyz,s=c2FsdA==", "not one of SCRAM"),
    ("r=\(nonce)xyz,s=,i=4096", "not one of SCRAM"),
    ("r=\(nonce)xyz,s=c2Fsd,i=4096", "not one of SCRAM"),
    ("r=\(nonce)xyz,i=4096,s=c2FsdA==", "not one of SCRAM"),
    ("r=\(nonce)xyz,s=c2FsdA==,i=", "not one of SCRAM"),
    ("x=1,r=\(nonce)xyz,s=c2FsdA==,i=4096", "not one of SCRAM"),
    ("e=other-error", "not one of SCRAM"),
    ("m=ext,r=\(nonce)xyz,s=c2FsdA==,i=4096", "demands an extension"),
    ("r=\(nonce),s=c2FsdA==,i=4096", "changed the nonce"),
    ("r=\(nonce.dropLast()),s=c2FsdA==,i=4096", "changed the nonce"),
    ("r=x\(nonce.dropFirst())y,s=c2FsdA==,i=4096", "changed the nonce"),
    ("r=\(nonce)x y,s=c2FsdA==,i=4096", "changed the nonce"),
    ("r=\(nonce)xyz,s=c2FsdA==,i=04096", "is no number"),
    ("r=\(nonce)xyz,s=c2FsdA==,i=0", "is no number"),
    ("r=\(nonce)xyz,s=c2FsdA==,i=-1", "is no number"),
    ("r=\(nonce)xyz,s=c2FsdA==,i=4096x", "is no number"),
    ("r=\(nonce)xyz,s=c2FsdA==,i=4095", "asks for 4095 iterations, less than the 4096"),
    ("r=\(nonce)xyz,s=c2FsdA==,i=10000001", "more than 10000000 iterations"),
    ("r=\(nonce)xyz,s=c2FsdA==,i=99999999999999999999999999", "more than 10000000 iterations"),
    ("r=\(nonce)xyz,s=c2FsdA==,i=4096,x=\(String(repeating: "y", count: 2048))", "longer than"),
  ])
  func `a challenge that is refused`(_ challenge: String, _ reason: String) throws {
    let scram = try scram(made("SCRAM-SHA-256"))
    let answer = text(scram.answer(bytes(challenge)))
    #expect(answer.hasPrefix("cancel: "))
    #expect(answer.contains(reason))
    #expect(!scram.isComplete)
    #expect(cryptography.parts.isEmpty)
  }

  /// RFC 5802 section 5.1: what is not known and not mandatory is ignored.
  @Test func `optional extensions are ignored`() throws {
    _ = try proven(Self.challenge + ",x=1,,y")
  }

  @Test func `the largest number of iterations comes in small parts`() throws {
    _ = try proven("r=\(Self.nonce)xyz,s=c2FsdA==,i=10000000")
    #expect(cryptography.parts.reduce(0, +) == 9_999_999)
    #expect(cryptography.parts.allSatisfy { (1...256).contains($0) })
  }

  @Test func `a hash function that is not allowed`() throws {
    let scram = try scram(made("SCRAM-SHA-1"))
    cryptography.isAllowed = false
    #expect(
      text(scram.answer(bytes(Self.challenge)))
        == "cancel: this system does not allow the hash function of SCRAM-SHA-1")
    // Nothing was shown: another one may do.
    #expect(scram.givesWay)
  }

  // MARK: The signature

  @Test(arguments: ["", "v=", "v=AAAA", "v=?", "x=1", "ok", "V=AAAA", "e="])
  func `a server that does not sign is not believed`(_ final: String) throws {
    let scram = try proven()
    #expect(text(scram.answer(bytes(final))).hasPrefix("distrust: "))
    #expect(!scram.isComplete)
  }

  @Test(arguments: [
    ("invalid-proof", "invalid-proof", FailureKind.none),
    ("channel-bindings-dont-match", "see channel_binding", .loginChannelBinding),
    ("unsupported-channel-binding-type", "choose another", .loginChannelBinding),
    ("channel-binding-not-supported", "choose another", .loginChannelBinding),
    ("server-does-support-channel-binding", "an attacker may", .loginChannelBinding),
  ])
  func `the server's error is reported`(_ error: String, _ shown: String, _ kind: FailureKind)
    throws
  {
    let scram = try proven()
    #expect(text(scram.answer(bytes("e=\(error),x=y"))) == "")
    let remark = scram.remark.map { String(decoding: $0, as: UTF8.self) }
    #expect(remark?.hasPrefix(error) == true)
    #expect(remark?.contains(shown) == true)
    #expect(scram.remarkKind == kind)
    #expect(!scram.isComplete)
    #expect(text(scram.answer([])).hasPrefix("cancel: the server sent another challenge"))
  }
}

@Suite struct ScramChoiceTests {
  private func choose(
    _ offered: String, hasBinding: Bool, isConfidential: Bool = true, hasAuthorization: Bool = false
  ) throws(Failure) -> String {
    let means = MechanismChoice.Means(
      hasPassword: true, hasToken: false, hasAuthorization: hasAuthorization,
      hasBinding: hasBinding, custom: [], isConfidential: isConfidential, allowsClear: true)
    return try MechanismChoice.candidates(
      .automatic, offered: offered.split(separator: " ").map { bytes(String($0)) }, means: means
    ).map { text($0) }.joined(separator: " ")
  }

  private static let all =
    "PLAIN CRAM-MD5 XOAUTH2 SCRAM-SHA-1 SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-256-PLUS SCRAM-SHA-512"
    + " SCRAM-SHA-512-PLUS"

  @Test func `without channel binding none is chosen that needs it`() throws {
    let bound = "SCRAM-SHA-512-PLUS SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS "
    let unbound = "SCRAM-SHA-512 SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 "
    #expect(try choose(Self.all, hasBinding: true).hasPrefix(bound + unbound))
    let without = try choose(Self.all, hasBinding: false, isConfidential: false)
    #expect(without.hasPrefix(unbound))
    #expect(!without.contains("PLUS"))
  }

  @Test func `SCRAM carries an authorization identity`() throws {
    let names = try choose("CRAM-MD5 PLAIN SCRAM-SHA-1", hasBinding: false, hasAuthorization: true)
    #expect(names == "SCRAM-SHA-1 PLAIN")
  }
}
