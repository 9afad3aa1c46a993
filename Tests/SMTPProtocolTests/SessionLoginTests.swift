import Testing

@testable import SMTPProtocol

/// Sends the given responses.
private final class ScriptedMechanism: Mechanism {
  let name: [UInt8]
  let initialResponse: [UInt8]?
  let isComplete = true
  private(set) var challenges: [[UInt8]] = []
  private let answer: MechanismAnswer

  init(
    _ name: String = "X-TEST", initialResponse: [UInt8]?, answer: MechanismAnswer = .cancel("no")
  ) {
    self.name = bytes(name)
    self.initialResponse = initialResponse
    self.answer = answer
  }

  func answer(_ challenge: [UInt8]) -> MechanismAnswer {
    challenges.append(challenge)
    return answer
  }
}

/// A mechanism that is given what it can get of a challenge.
private final class Taker: Mechanism {
  let name = bytes("X-TEST")
  let initialResponse: [UInt8]? = nil
  let isComplete = true
  let reading = ChallengeReading.decodedOrRaw
  private(set) var challenges: [[UInt8]] = []

  func answer(_ challenge: [UInt8]) -> MechanismAnswer {
    challenges.append(challenge)
    return .response([])
  }

  /// What it gets for this text of 334.
  static func challenge(_ said: String) -> [UInt8]? {
    let taker = Taker()
    var conversation = Conversation()
    conversation.receive(bytes("220 hi\r\n"))
    conversation.receive(bytes("250 mx\r\n"))
    conversation.perform { session, _ in session.login(taker) }
    conversation.receive(bytes("334 \(said)\r\n"))
    return taker.challenges.first
  }
}

/// RFC 4954 section 4.
@Suite struct SessionLoginTests {
  private static let start = opening("AUTH PLAIN LOGIN CRAM-MD5")

  @Test func `235 before the initial response that was held back is no success`() {
    let conversations = play(
      Self.start + """
        > login PLAIN tim \(String(repeating: "p", count: 400))
        C: AUTH PLAIN
        S: 235 welcome
        ! login failed: auth, AUTH PLAIN, auth phase, retry no, 235
        """)
    #expect(conversations.allSatisfy { !$0.session.isAuthenticated })
  }

  /// "AUTH PLAIN ", 496 digits, CRLF: 509 octets; with the next four it is 513.
  @Test func `credentials that make the line too long answer the first challenge`() {
    let fits = String(repeating: "p", count: 372 - 5)
    play(
      Self.start + """
        > login PLAIN tim \(fits)
        C: AUTH PLAIN \(base64("\0tim\0" + fits))
        S: 235 welcome
        ! login ok
        """)
    play(
      Self.start + """
        > login PLAIN tim \(fits)p
        C: AUTH PLAIN
        S: 334
        C: \(base64("\0tim\0" + fits + "p"))
        S: 235 welcome
        ! login ok
        """)
  }

  /// RFC 4954 section 4: the line and its CRLF must not be longer than 512 octets.
  @Test(arguments: [("X-AB", true), ("X-ABC", false)])
  func `a line of just the allowed length has the initial response`(_ name: String, _ fits: Bool) {
    let mechanism = ScriptedMechanism(
      name, initialResponse: [UInt8](repeating: 0x61, count: 375))
    let conversation = Conversation()
    conversation.session.login(mechanism)
    #expect(conversation.session.output.count == (fits ? 512 : "AUTH X-ABC\r\n".utf8.count))
  }

  @Test func `the held back response is given once more if asked for, then no more`() {
    let long = String(repeating: "p", count: 2000)
    play(
      Self.start + """
        > login PLAIN tim \(long)
        C: AUTH PLAIN
        S: 334
        C: \(base64("\0tim\0" + long))
        S: 334
        C: \(base64("\0tim\0" + long))
        S: 334
        C: *
        S: 501 cancelled
        ! login failed: auth, AUTH PLAIN, auth phase, retry no
        """)
  }

  @Test(arguments: ["Username:", "go ahead", "VXNlcm5hbWU", "V===", "=", "VXNl cm5h", "\u{E9}"])
  func `who does not use the challenge does not mind what it is`(_ challenge: String) {
    let long = String(repeating: "p", count: 400)
    play(
      Self.start + """
        > login PLAIN tim \(long)
        C: AUTH PLAIN
        S: 334 \(challenge)
        C: \(base64("\0tim\0" + long))
        S: 235 welcome
        ! login ok
        """)
  }

  @Test(arguments: ["", " ", "\t ", "  "], ["=", ""])
  func `blanks around base64 and missing padding do not matter`(_ blanks: String, _ padding: String)
  {
    let challenge = base64("<1896.697170952@postoffice.reston.mci.net>ab")
    #expect(challenge.hasSuffix("=") && !challenge.hasSuffix("=="))
    let mechanism = ScriptedMechanism(initialResponse: nil, answer: .response(bytes("x")))
    var conversation = Conversation()
    conversation.receive(bytes("220 hi\r\n"))
    conversation.receive(bytes("250 mx\r\n"))
    conversation.perform { session, _ in session.login(mechanism) }
    conversation.receive(bytes("334 \(blanks)\(challenge.dropLast())\(padding)\(blanks)\r\n"))
    #expect(mechanism.challenges == [bytes("<1896.697170952@postoffice.reston.mci.net>ab")])
  }

  @Test(arguments: ["VXNlcjo=", "VXNlcjo", " VXNlcjo=", "VXNlcjo \t"])
  func `a mechanism that takes both gets octets`(_ said: String) {
    #expect(Taker.challenge(said) == bytes("User:"))
  }

  @Test(arguments: ["Username:", "ntlm supported", " two  words ", "="])
  func `a mechanism that takes both gets the text that is no base64 as it came`(_ said: String) {
    #expect(Taker.challenge(said) == bytes(said))
  }

  // MARK: The initial response

  private static func session(_ initialResponse: Session.InitialResponse) -> Conversation {
    var conversation = Conversation(initialResponse: initialResponse)
    conversation.receive(bytes("220 hi\r\n"))
    conversation.receive(bytes("250-mx\r\n250 AUTH PLAIN LOGIN CRAM-MD5\r\n"))
    _ = conversation.takeOutput()
    _ = conversation.takeEvents()
    return conversation
  }

  @Test func `an initial response can be forced beyond the length of a line`() {
    var conversation = Self.session(.always)
    let long = String(repeating: "p", count: 2000)
    Transcript.perform("login PLAIN tim \(long)", &conversation)
    #expect(text(conversation.takeOutput()) == "AUTH PLAIN \(base64("\0tim\0" + long))\r\n")
    conversation.receive(bytes("235 welcome\r\n"))
    #expect(conversation.takeEvents().flatMap { $0.lines } == ["login ok"])
  }

  @Test(arguments: ["Password:", ""])
  func `LOGIN can give the user name with the command`(_ question: String) {
    var conversation = Self.session(.always)
    let cryptography = FixedCryptography()
    let credentials = Credentials(user: bytes("tim"), password: bytes("pass"), cryptography)
    conversation.perform { session, _ in
      session.login(Login(credentials, givesUserFirst: true))
    }
    #expect(text(conversation.takeOutput()) == "AUTH LOGIN \(base64("tim"))\r\n")
    conversation.receive(bytes("334 \(question)\r\n"))
    #expect(text(conversation.takeOutput()) == "\(base64("pass"))\r\n")
    conversation.receive(bytes("334 more?\r\n"))
    #expect(text(conversation.takeOutput()) == "*\r\n")
  }

  @Test func `a server that asks for ever is left`() {
    let mechanism = ScriptedMechanism(initialResponse: nil, answer: .response(bytes("x")))
    var conversation = Conversation()
    Transcript(Self.start).play(.whole, &conversation, #_sourceLocation)
    conversation.perform { session, _ in session.login(mechanism) }
    #expect(text(conversation.takeOutput()) == "AUTH X-TEST\r\n")
    for _ in 0..<Session.challengeLimit {
      conversation.receive(bytes("334 bW9yZQ==\r\n"))
      #expect(text(conversation.takeOutput()) == base64("x") + "\r\n")
    }
    #expect(conversation.takeEvents().isEmpty)
    conversation.receive(bytes("334 bW9yZQ==\r\n"))
    #expect(conversation.takeOutput().isEmpty)
    #expect(
      conversation.takeEvents().flatMap { $0.lines } == [
        "login failed: protocolViolation, AUTH X-TEST, auth phase, retry no",
        "connection failed: protocolViolation, AUTH X-TEST, auth phase, retry no",
      ])
    #expect(conversation.session.isOver)
    #expect(mechanism.challenges.count == Session.challengeLimit)
  }

  @Test func `an empty initial response is written as an equals sign`() {
    let mechanism = ScriptedMechanism(initialResponse: [], answer: .cancel("enough"))
    var conversation = Conversation()
    Transcript(Self.start).play(.whole, &conversation, #_sourceLocation)
    conversation.perform { session, _ in session.login(mechanism) }
    #expect(text(conversation.takeOutput()) == "AUTH X-TEST =\r\n")
    // The mechanism sees the last line of a challenge, decoded.
    conversation.receive(bytes("334-bm8=\r\n334 bW9yZQ==\r\n"))
    #expect(mechanism.challenges == [bytes("more")])
    #expect(text(conversation.takeOutput()) == "*\r\n")
  }

  @Test func `an empty response is an empty line`() {
    let mechanism = ScriptedMechanism(initialResponse: nil, answer: .response([]))
    var conversation = Conversation()
    Transcript(Self.start).play(.whole, &conversation, #_sourceLocation)
    conversation.perform { session, _ in session.login(mechanism) }
    _ = conversation.takeOutput()
    conversation.receive(bytes("334 \r\n"))
    #expect(text(conversation.takeOutput()) == "\r\n")
    #expect(mechanism.challenges == [[]])
  }
}
