import SMTPProtocol
import SMTPTransport
import Testing

@testable import SMTPConnection

/// A login alone, without a connection and a session.
@Suite final class LoginAttemptTests {
  private let loop: EventLoop
  private let callbacks: CallbackQueue
  private let cryptography = OpenSSLCryptography()
  private var news: [LoginAttempt.News] = []

  init() throws {
    loop = try #require(EventLoop())
    callbacks = CallbackQueue(loop)
  }

  private func attempt(_ change: (inout Identity) -> Void) -> LoginAttempt {
    attempt(cryptography, change)
  }

  private func attempt(
    _ cryptography: any Cryptography, _ change: (inout Identity) -> Void
  ) -> LoginAttempt {
    var identity = Identity(cryptography)
    identity.credentials = Credentials(
      user: identity.secret(Bytes.of("ann")), password: identity.secret([]))
    change(&identity)
    let options = Options()
    return LoginAttempt(
      identity, SharedOptions(options), loop, callbacks, Trace(options, callbacks),
      Deadlines(options.limits), cryptography)
  }

  /// What it begins with when the server offers these.
  private func begin(
    _ attempt: LoginAttempt, _ offered: String, _ binding: ChannelBinding = .none
  ) throws -> String {
    let names = offered.split(separator: " ").map { Array($0.utf8) }
    let step = try attempt.begin(offered: names, binding, isConfidential: true) { [self] in
      news.append($0)
    }
    return text(step)
  }

  private func text(_ news: LoginAttempt.News) -> String {
    switch news {
    case .token: "token"
    case .answered(let step), .resumed(let step): text(step)
    }
  }

  private func text(_ step: LoginAttempt.Step) -> String {
    switch step {
    case .pending: "pending"
    case .begin(let mechanism): "begin \(String(decoding: mechanism.name, as: UTF8.self))"
    case .respond: "respond"
    case .end(let failure): "end: \(failure.message)"
    }
  }

  private func withPassword(_ identity: inout Identity) {
    identity.credentials = Credentials(
      user: identity.credentials.user, password: identity.secret(Bytes.of("secret")))
  }

  private func refused(_ code: Int) -> Failure {
    let reply = Reply(code: code, lines: [Bytes.of("no")])
    return .refused(.auth, "refused", reply, command: "AUTH", phase: .auth)
  }

  @Test(arguments: [504, 534, 538, 432])
  func `a reply about the mechanism is followed by the next`(_ code: Int) throws {
    let attempt = attempt(withPassword)
    let first = try begin(attempt, "LOGIN PLAIN")
    #expect(first == "begin PLAIN")
    #expect(text(attempt.next(after: refused(code))) == "begin LOGIN")
    #expect(text(attempt.next(after: refused(code))).hasPrefix("end: "))
  }

  /// Whoever is between would like it that the password, or a login without binding, follows.
  @Test(arguments: [534, 538, 432])
  func `after a channel binding nothing weaker is tried`(_ code: Int) throws {
    let attempt = attempt { identity in
      withPassword(&identity)
      identity.accessToken = identity.secret(Bytes.of("ya29.x"))
    }
    let first = try begin(
      attempt, "PLAIN XOAUTH2 SCRAM-SHA-256 SCRAM-SHA-256-PLUS SCRAM-SHA-512-PLUS",
      .available(.endPoint, [1]))
    #expect(first == "begin SCRAM-SHA-512-PLUS")
    #expect(text(attempt.next(after: refused(code))) == "begin SCRAM-SHA-256-PLUS")
    #expect(text(attempt.next(after: refused(code))) == "end: refused: \(code) no")
    let reason = attempt.reason(for: refused(code))
    #expect(reason.kind != .loginChannelBinding)
  }

  /// A server that does not know it is told that it was offered.
  @Test func `a channel binding that is not supported is followed by the next`() throws {
    let attempt = attempt(withPassword)
    let offered = "SCRAM-SHA-256 SCRAM-SHA-256-PLUS"
    let first = try begin(attempt, offered, .available(.endPoint, [1]))
    #expect(first == "begin SCRAM-SHA-256-PLUS")
    guard case .begin(let mechanism) = attempt.next(after: refused(504)) else {
      Issue.record("nothing followed")
      return
    }
    #expect(mechanism.initialResponse?.starts(with: Bytes.of("y,,n=ann,r=")) == true)
  }

  @Test(arguments: [454, 500, 501, 530, 550])
  func `any other reply is not`(_ code: Int) throws {
    let attempt = attempt(withPassword)
    let first = try begin(attempt, "LOGIN PLAIN")
    #expect(first == "begin PLAIN")
    #expect(text(attempt.next(after: refused(code))).hasPrefix("end: "))
  }

  @Test func `a password is tried after a refused token, once`() throws {
    let attempt = attempt { identity in
      withPassword(&identity)
      identity.accessToken = identity.secret(Bytes.of("token"))
    }
    let first = try begin(attempt, "LOGIN PLAIN XOAUTH2")
    #expect(first == "begin XOAUTH2")
    #expect(text(attempt.next(after: refused(535))) == "begin PLAIN")
    let last = refused(535)
    #expect(text(attempt.next(after: last)).hasPrefix("end: "))
    let message = attempt.reason(for: last).message
    #expect(
      message
        == "refused: 535 no; tried: XOAUTH2 (refused: 535 no), then PLAIN; offered: LOGIN, PLAIN,"
        + " XOAUTH2; not tried, because too many refusals may lock the account: LOGIN")
  }

  /// A system whose policy forbids MD5.
  private final class WithoutMD5: Cryptography {
    func base64Encode(_ bytes: [UInt8]) -> [UInt8] { bytes }
    func base64Decode(_ text: [UInt8]) -> [UInt8]? { text }
    func digest(_ function: HashFunction, _ message: [UInt8]) -> [UInt8]? { nil }
    func hmac(_ function: HashFunction, key: [UInt8], _ message: [UInt8]) -> [UInt8]? { nil }
    func stretching(
      _ function: HashFunction, password: [UInt8], salt: [UInt8]
    ) -> (any KeyStretching)? { nil }
    func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool { left == right }
    func signRS256(_ message: [UInt8], key: [UInt8]) -> [UInt8]? { nil }
    func randomBytes(_ count: Int) -> [UInt8]? { nil }
    func cleanse(_ bytes: inout [UInt8]) {}
  }

  @Test(arguments: [true, false])
  func `a mechanism that cannot be used here is followed by the next`(_ hasMD5: Bool) throws {
    let attempt = attempt(hasMD5 ? cryptography : WithoutMD5(), withPassword)
    let step = try attempt.begin(
      offered: [Bytes.of("CRAM-MD5"), Bytes.of("PLAIN")], isConfidential: true
    ) { _ in }
    guard case .begin(let mechanism) = step else {
      Issue.record("nothing was begun")
      return
    }
    let answer = mechanism.answer(Bytes.of("<1@x>"))
    if case .response = answer { #expect(hasMD5) } else { #expect(!hasMD5) }
    let givenUp = Failure(.auth, "given up", command: "AUTH CRAM-MD5", phase: .auth)
    #expect(
      text(attempt.next(after: givenUp)).hasPrefix(hasMD5 ? "end: given up" : "begin PLAIN"))
  }

  @Test func `a password that was refused is tried once`() throws {
    let attempt = attempt(withPassword)
    let first = try begin(attempt, "LOGIN PLAIN")
    #expect(first == "begin PLAIN")
    #expect(text(attempt.next(after: refused(535))).hasPrefix("end: "))
  }

  /// Runs what is due, which asks for a token.
  private func answer(_ questions: [TokenQuestion], _ token: StaticString) {
    let token = AccessToken(token: Secret(Bytes.of(token), cryptography), expires: nil)
    #expect(questions.last?.answer(.success(token)) == true)
    #expect(news.isEmpty, "the answer comes from inside a callback")
    for _ in 0..<5 where news.isEmpty { _ = loop.runOnce(timeout: 10) }
  }

  @Test func `a token that was refused is renewed once`() throws {
    var questions: [TokenQuestion] = []
    let attempt = attempt { $0.askForToken = { questions.append($0) } }
    let first = try begin(attempt, "XOAUTH2")
    #expect(first == "pending")
    for token in ["one", "two"] as [StaticString] {
      callbacks.run {}
      #expect(questions.last?.renews == (questions.count == 2))
      news = []
      answer(questions, token)
      #expect(news.map { text($0) } == ["begin XOAUTH2"])
      let next = text(attempt.next(after: refused(535)))
      #expect(next.hasPrefix(questions.count == 1 ? "pending" : "end: "))
    }
  }

  @Test func `an answer after the end is not needed`() throws {
    var questions: [TokenQuestion] = []
    let attempt = attempt { $0.askForToken = { questions.append($0) } }
    let first = try begin(attempt, "XOAUTH2")
    #expect(first == "pending")
    callbacks.run {}
    let token = AccessToken(token: Secret([1], cryptography), expires: nil)
    attempt.stop()
    #expect(questions.first?.answer(.success(token)) == false)
    for _ in 0..<5 { _ = loop.runOnce(timeout: 0) }
    #expect(news.isEmpty)
  }
}
