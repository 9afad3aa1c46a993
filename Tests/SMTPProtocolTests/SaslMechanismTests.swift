import Testing

@testable import SMTPProtocol

/// CRAM-MD5, XOAUTH2, mechanisms that take their time, and which is tried when.
@Suite struct SaslMechanismTests {
  private let cryptography = FixedCryptography()
  private let credentials = Credentials(
    user: bytes("tim"), password: bytes("tanstaaf"), FixedCryptography())

  private func response(_ answer: MechanismAnswer) -> String? {
    if case .response(let response) = answer { return text(response) }
    return nil
  }

  private func reason(_ answer: MechanismAnswer) -> String? {
    if case .cancel(let reason) = answer { return reason.text }
    return nil
  }

  // MARK: CRAM-MD5

  /// What `FixedCryptography` makes of "tanstaaf" (8 octets) and "<": each octet
  /// is its place, with 8 and 0x3C.
  private static let digest = "34353637303132333c3d3e3f38393a3b"

  @Test func `CRAM-MD5 says the user and a digest, once`() {
    let mechanism = CramMD5(credentials, cryptography)
    #expect(text(mechanism.name) == "CRAM-MD5")
    #expect(mechanism.initialResponse == nil)
    #expect(mechanism.secret?.bytes == bytes("tanstaaf"))
    #expect(!mechanism.isComplete)
    #expect(response(mechanism.answer(bytes("<1@x>"))) == "tim \(Self.digest)")
    #expect(mechanism.isComplete)
    #expect(
      reason(mechanism.answer(bytes("<2@x>"))) == "the server sent another challenge after CRAM-MD5"
    )
  }

  @Test func `CRAM-MD5 gives up where there is no MD5`() {
    final class WithoutMD5: Cryptography {
      func base64Encode(_ bytes: [UInt8]) -> [UInt8] { bytes }
      func base64Decode(_ text: [UInt8]) -> [UInt8]? { text }
      func hmacMD5(key: [UInt8], _ message: [UInt8]) -> [UInt8]? { nil }
      func signRS256(_ message: [UInt8], key: [UInt8]) -> [UInt8]? { nil }
      func randomBytes(_ count: Int) -> [UInt8]? { nil }
      func cleanse(_ bytes: inout [UInt8]) {}
    }
    let mechanism = CramMD5(credentials, WithoutMD5())
    #expect(reason(mechanism.answer(bytes("<1@x>"))) == "this system does not allow MD5")
    #expect(!mechanism.isComplete)
  }

  @Test func `CRAM-MD5 in a session`() {
    let conversations = play(
      opening("AUTH CRAM-MD5") + """
        > login CRAM-MD5 tim tanstaaf
        C: AUTH CRAM-MD5
        S: 334 \(base64("<1@x>"))
        C: \(base64("tim " + Self.digest))
        S: 235 ok
        ! login ok
        """)
    #expect(conversations.allSatisfy { $0.session.isAuthenticated })
  }

  @Test func `a server that takes the login without a digest is not believed`() {
    let conversations = play(
      opening("AUTH CRAM-MD5") + """
        > login CRAM-MD5 tim tanstaaf
        C: AUTH CRAM-MD5
        S: 235 ok
        ! login failed: auth, AUTH CRAM-MD5, auth phase, retry no, 235
        """)
    #expect(conversations.allSatisfy { !$0.session.isAuthenticated })
  }

  @Test func `a second challenge is cancelled`() {
    play(
      opening("AUTH CRAM-MD5") + """
        > login CRAM-MD5 tim tanstaaf
        C: AUTH CRAM-MD5
        S: 334 \(base64("<1@x>"))
        C: \(base64("tim " + Self.digest))
        S: 334 \(base64("<1@x>"))
        C: *
        S: 501 cancelled
        ! login failed: auth, AUTH CRAM-MD5, auth phase, retry no
        """)
  }

  // MARK: XOAUTH2

  private static let token = base64("user=tim\u{1}auth=Bearer ya29.x\u{1}\u{1}")

  @Test func `XOAUTH2 says user and token at once`() {
    let user = credentials.user
    let mechanism = XOAuth2(user: user, token: Secret(bytes("ya29.x"), cryptography), cryptography)
    #expect(text(mechanism.name) == "XOAUTH2")
    #expect(
      mechanism.initialResponse.map { text($0) } == "user=tim\u{1}auth=Bearer ya29.x\u{1}\u{1}")
    #expect(mechanism.secret?.bytes == bytes("ya29.x"))
    #expect(mechanism.isComplete && mechanism.remark == nil)
    #expect(response(mechanism.answer(bytes("{}"))) == "")
    #expect(!mechanism.isComplete)
    #expect(mechanism.remark == bytes("{}"))
    #expect(
      reason(mechanism.answer(bytes("{}")))
        == "the server sent a second error challenge")
    #expect(mechanism.remark == bytes("{}"))
  }

  @Test func `XOAUTH2 in a session`() {
    let conversations = play(
      opening("AUTH XOAUTH2") + """
        > login XOAUTH2 tim ya29.x
        C: AUTH XOAUTH2 \(Self.token)
        S: 235 2.7.0 ok
        ! login ok
        """)
    #expect(conversations.allSatisfy { $0.session.isAuthenticated })
  }

  /// The explanation is answered with an empty line, and is part of the error.
  @Test func `a refusal with an explanation`() {
    var conversation = Conversation()
    conversation.receive(bytes("220 hi\r\n250-mx\r\n250 AUTH XOAUTH2\r\n").prefix(8))
    conversation.receive(bytes("250-mx\r\n250 AUTH XOAUTH2\r\n"))
    Transcript.perform("login XOAUTH2 tim ya29.x", &conversation)
    _ = conversation.takeOutput()
    _ = conversation.takeEvents()
    conversation.receive(bytes("334 \(base64(#"{"status":"401"}"#))\r\n"))
    #expect(text(conversation.takeOutput()) == "\r\n")
    conversation.receive(bytes("535 5.7.8 no\r\n"))
    let events = conversation.takeEvents()
    #expect(
      events.flatMap { $0.lines } == [
        "login failed: auth, AUTH XOAUTH2, auth phase, retry no, 535"
      ])
    guard case .loginDone(let failure) = events.first else {
      Issue.record("no event")
      return
    }
    #expect(failure?.message.contains(#" ({"status":"401"})"#) == true)
    #expect(conversation.session.isReady && !conversation.session.isAuthenticated)
  }

  @Test func `a server that does not stop explaining is left alone`() {
    play(
      opening("AUTH XOAUTH2") + """
        > login XOAUTH2 tim ya29.x
        C: AUTH XOAUTH2 \(Self.token)
        S: 334 \(base64("{}"))
        C: 
        S: 334 \(base64("{}"))
        C: *
        S: 334 \(base64("{}"))
        ! login failed: auth, AUTH XOAUTH2, auth phase, retry no
        ! connection failed: protocolViolation, AUTH XOAUTH2, auth phase, retry no
        """)
  }

  // MARK: Answers that come later

  private static let asked =
    opening("AUTH LATER") + """
      > login LATER tim x
      C: AUTH LATER
      S: 334 \(base64("who?"))

      """

  @Test func `an answer may come later`() {
    let conversations = play(
      Self.asked + """
        > wait 1000
        > answer me
        C: \(base64("me"))
        S: 334
        > answer again
        C: \(base64("again"))
        S: 235 ok
        ! login ok
        """)
    #expect(conversations.allSatisfy { $0.session.isAuthenticated })
  }

  @Test func `or be that there is none`() {
    let conversations = play(
      Self.asked + """
        > answer *
        C: *
        S: 501 cancelled
        ! login failed: auth, AUTH LATER, auth phase, retry no
        """)
    #expect(conversations.allSatisfy { $0.session.isReady })
  }

  @Test func `an answer after the end is not sent`() {
    play(
      Self.asked + """
        S: 535 too slow
        ! login failed: auth, AUTH LATER, auth phase, retry no, 535
        > answer me
        > send a@x.example b@y.example
        C: MAIL FROM:<a@x.example>
        > answer me
        """)
    play(
      Self.asked + "> abort\n! login failed: timedOut, API, idle phase, retry safe\n"
        + "! connection failed: timedOut, API, idle phase, retry safe\n> answer me\n")
  }

  /// One answer for one challenge.
  @Test func `an answer without a challenge is not sent`() {
    play(
      opening("AUTH LATER") + """
        > login LATER tim x
        C: AUTH LATER
        > answer early
        S: 334 \(base64("who?"))
        > answer me
        C: \(base64("me"))
        > answer twice
        S: 235 ok
        ! login ok
        """)
    play(
      Self.asked + """
        > answer *
        C: *
        > answer me
        S: 501 cancelled
        ! login failed: auth, AUTH LATER, auth phase, retry no
        """)
  }

  /// RFC 4954 section 4: the server waits for the client.
  @Test func `a server that asks again before the answer is left`() {
    let conversations = play(
      Self.asked + """
        S: 334 \(base64("now!"))
        ! login failed: protocolViolation, AUTH LATER, auth phase, retry no
        ! connection failed: protocolViolation, AUTH LATER, auth phase, retry no
        """)
    #expect(conversations.allSatisfy { $0.session.isOver })
  }

  // MARK: Choice

  private func choose(
    _ wanted: String?, _ offered: String, isConfidential: Bool, hasPassword: Bool = true,
    hasToken: Bool = false, custom: [String] = []
  ) throws(Failure) -> String {
    let means = MechanismChoice.Means(
      hasPassword: hasPassword, hasToken: hasToken, custom: custom.map { bytes($0) },
      isConfidential: isConfidential)
    let names = try MechanismChoice.candidates(
      wanted: wanted.map { bytes($0) },
      offered: offered.split(separator: " ").map { bytes(String($0)) }, means: means)
    return names.map { text($0) }.joined(separator: " ")
  }

  @Test(arguments: [
    ("PLAIN", "PLAIN CRAM-MD5"), ("LOGIN", "LOGIN CRAM-MD5"), ("XOAUTH2", "PLAIN XOAUTH2"),
    ("CRAM-MD5", "PLAIN CRAM-MD5"),
  ])
  func `what is wanted is not sent in the clear either`(_ wanted: String, _ offered: String) {
    let failure = #expect(throws: Failure.self) {
      try choose(wanted, offered, isConfidential: false, hasToken: true)
    }
    #expect(failure?.message.contains("not sent over a connection without TLS") == true)
    #expect(failure?.line == "auth, AUTH, auth phase, retry no")
  }

  @Test func `a token is not sent in the clear, a mechanism of one's own is`() throws {
    #expect(throws: Failure.self) {
      try choose(nil, "XOAUTH2", isConfidential: false, hasPassword: false, hasToken: true)
    }
    #expect(try choose(nil, "X-OWN PLAIN", isConfidential: false, custom: ["X-OWN"]) == "X-OWN")
    #expect(
      try choose(nil, "X-OWN PLAIN CRAM-MD5", isConfidential: false, custom: ["X-OWN", "X-TWO"])
        == "X-OWN")
  }

  @Test func `without means nothing is tried`() {
    #expect(throws: Failure.self) {
      try choose(nil, "PLAIN XOAUTH2", isConfidential: true, hasPassword: false)
    }
    #expect(throws: Failure.self) {
      try choose(nil, "PLAIN", isConfidential: true, hasPassword: false, hasToken: true)
    }
  }
}
