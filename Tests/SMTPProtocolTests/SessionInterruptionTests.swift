import Testing

@testable import SMTPProtocol

/// A point in a dialogue at which an operation is under way.
struct Moment: CustomTestStringConvertible {
  let testDescription: String
  let before: String
  /// `phase, command` of what is waited for.
  let position: String
  /// How the operation ends: "login", "send", "reset".
  let operation: String
  /// Recipients, if it is interrupted here.
  let recipients: [String]
  let retry: String
  /// What had been decided before, which stays.
  let verdict: String?

  init(
    _ name: String, _ before: String, _ position: String, _ operation: String = "send",
    _ recipients: [String] = [], retry: String = "safe", verdict: String? = nil
  ) {
    self.verdict = verdict
    testDescription = name
    self.before = before
    self.position = position
    self.operation = operation
    self.recipients = recipients
    self.retry = retry
  }

  func failed(_ failure: String) -> String {
    ([operation + " failed: " + (verdict ?? failure)] + recipients).map { "! \($0)\n" }.joined()
  }

  static let all: [Moment] = logins + lockstep + pipelined

  private static let login = opening("AUTH PLAIN LOGIN") + "> login LOGIN u p\nC: AUTH LOGIN\n"
  private static let digest = opening("AUTH CRAM-MD5") + "> login CRAM-MD5 u p\nC: AUTH CRAM-MD5\n"

  static let logins: [Moment] = [
    .init("AUTH", login, "AUTH LOGIN, auth", "login"),
    .init("AUTH, user", login + "S: 334\nC: dQ==\n", "AUTH LOGIN, auth", "login"),
    .init(
      "AUTH, password", login + "S: 334\nC: dQ==\nS: 334\nC: cA==\n", "AUTH LOGIN, auth", "login"),
    .init(
      "AUTH, cancelled", digest + "S: 334 ?\nC: *\n", "AUTH CRAM-MD5, auth", "login",
      verdict: "auth, AUTH CRAM-MD5, auth phase, retry no"),
    .init("RSET", opening() + "> reset\nC: RSET\n", "RSET, reset", "reset"),
  ]

  private static let untried = ["- b@y.example notTried", "- c@y.example notTried"]
  private static let first = ["- b@y.example rejected, RCPT TO 550", "- c@y.example notTried"]
  private static let both = [first[0], "- c@y.example notTried, RCPT TO 250"]
  private static let doubt = [first[0], "- c@y.example unknown, RCPT TO 250"]
  private static let refused = [first[0], "- c@y.example rejected, RCPT TO 550"]
  private static let send = "> send a@x.example b@y.example c@y.example\n"
  private static let sender = "C: MAIL FROM:<a@x.example>\n"
  private static let recipients = ["C: RCPT TO:<b@y.example>\n", "C: RCPT TO:<c@y.example>\n"]

  static let lockstep: [Moment] = {
    let mail = opening() + send + sender
    let one = mail + "S: 250 ok\n" + recipients[0]
    let two = one + "S: 550 no\n" + recipients[1]
    let data = two + "S: 250 ok\nC: DATA\n"
    let content = data + "S: 354 go\n! content wanted\n"
    let failed =
      two + "S: 550 no\n! send failed: envelope, RCPT TO, envelope phase, retry no, 550\n"
    let reset = failed + refused.map { "! \($0)\n" }.joined() + send + "C: RSET\n"
    return [
      .init("RSET before MAIL", reset, "RSET, envelope", "send", untried),
      .init("MAIL", mail, "MAIL FROM, envelope", "send", untried),
      .init(
        "MAIL behind RSET", reset + "S: 250 ok\n" + sender, "MAIL FROM, envelope", "send", untried),
      .init("first RCPT", one, "RCPT TO, envelope", "send", untried),
      .init("second RCPT", two, "RCPT TO, envelope", "send", first),
      .init("DATA", data, "DATA, envelope", "send", both),
      .init("content", content, "DATA, message", "send", both),
      .init("more content", content + "> partial x\\n\nC: x\n", "DATA, message", "send", both),
      .init(
        "end of content", content + "> content x\nC: x\nC: .\n", "DATA, message", "send", doubt,
        retry: "unknown"),
    ]
  }()

  static let pipelined: [Moment] = {
    let group = opening("PIPELINING") + send + sender + recipients.joined() + "C: DATA\n"
    let one = group + "S: 250 ok\n"
    let two = one + "S: 550 no\n"
    let data = two + "S: 250 ok\n"
    let content = data + "S: 354 go\n! content wanted\n"
    let denied = group + "S: 550 no\n"
    let dot = two + "S: 550 no\nS: 354 go\nC: .\n"
    return [
      .init("group, MAIL", group, "MAIL FROM, envelope", "send", untried),
      .init("group, first RCPT", one, "RCPT TO, envelope", "send", untried),
      .init("group, second RCPT", two, "RCPT TO, envelope", "send", first),
      .init(
        "group, sender refused", denied, "RCPT TO, envelope", "send", untried,
        verdict: "envelope, MAIL FROM, envelope phase, retry no, 550"),
      .init(
        "group, all refused", two + "S: 550 no\n", "DATA, envelope", "send", refused,
        verdict: "envelope, RCPT TO, envelope phase, retry no, 550"),
      .init("group, DATA", data, "DATA, envelope", "send", both),
      .init("group, content", content, "DATA, message", "send", both),
      .init(
        "group, end of content", content + "> content x\nC: x\nC: .\n", "DATA, message", "send",
        doubt, retry: "unknown"),
      .init(
        "group, lone dot", dot, "DATA, message", "send", refused,
        verdict: "envelope, RCPT TO, envelope phase, retry no, 550"),
    ]
  }()
}

/// The end of the connection while something is under way: what that was ends
/// exactly once, with its retry advice.
@Suite struct SessionInterruptionTests {
  @Test(arguments: Moment.all)
  func `what is under way ends once when the connection is given up`(_ moment: Moment) {
    let conversations = play(
      moment.before + "> abort\n"
        + moment.failed("timedOut, API, idle phase, retry \(moment.retry)")
          + """
          ! connection failed: timedOut, API, idle phase, retry \(moment.retry)
          > abort
          ! connection failed: timedOut, API, idle phase, retry safe
          """)
    #expect(conversations.allSatisfy { $0.session.isOver })
  }

  @Test(arguments: Moment.all)
  func `what is under way ends once when the server closes`(_ moment: Moment) {
    play(
      moment.before + "> close\n"
        + moment.failed("connection, \(moment.position) phase, retry \(moment.retry)")
        + "! connection failed: connection, \(moment.position) phase, retry \(moment.retry)\n> close\n"
    )
  }

  @Test(arguments: Moment.all)
  func `what is under way ends once when the server talks nonsense`(_ moment: Moment) {
    let failure =
      "protocolViolation, \(moment.position) phase, retry"
      + " \(moment.retry == "unknown" ? "unknown" : "no")"
    play(
      moment.before + "S: hello\n" + moment.failed(failure) + "! connection failed: \(failure)\n")
  }

  @Test(arguments: Moment.all.filter { !$0.position.hasSuffix("message") })
  func `421 ends what is under way, and may be tried again`(_ moment: Moment) {
    let failure = "connection, \(moment.position) phase, retry safe, 421"
    play(
      moment.before + "S: 421 4.3.2 closing\n" + moment.failed(failure)
        + "! connection failed: \(failure)\n")
  }

  @Test(arguments: Moment.all.filter { $0.testDescription.hasSuffix("content") })
  func `421 as the reply to content`(_ moment: Moment) {
    play(
      moment.before + """
        S: 421 4.3.2 closing
        ! send failed: message, DATA, message phase, retry safe, 421
        ! - b@y.example rejected, RCPT TO 550
        ! - c@y.example deferred, DATA 421
        ! connection failed: connection, DATA, message phase, retry safe, 421
        """)
  }

  @Test func `421 to the lone dot changes nothing for the recipients`() {
    play(
      Moment.pipelined[8].before + """
        S: 421 closing
        ! send failed: envelope, RCPT TO, envelope phase, retry no, 550
        ! - b@y.example rejected, RCPT TO 550
        ! - c@y.example rejected, RCPT TO 550
        ! connection failed: connection, DATA, message phase, retry safe, 421
        """)
  }

  @Test(arguments: Moment.all)
  func `the driver can name the reply it waits for`(_ moment: Moment) {
    for conversation in play(moment.before) {
      let (phase, command) = conversation.session.position
      #expect("\(command), \(phase)" == moment.position)
      #expect(!conversation.session.isReady && !conversation.session.isOver)
    }
  }

  @Test func `the driver can name QUIT as pending`() {
    for conversation in play(opening() + "> quit\nC: QUIT\n") {
      #expect(conversation.session.position.command == "QUIT")
    }
  }

  // MARK: The end of the content

  @Test func `the end of content means nothing unless content is wanted`() {
    let conversations = play(opening())
    for conversation in conversations {
      #expect(conversation.session.append(.end(size: 10)) { $0 += bytes(".\r\n") } == nil)
      #expect(conversation.session.output.isEmpty)
      #expect(conversation.session.isReady)
      #expect(conversation.session.events.isEmpty)
    }
  }

  /// A message is in doubt only when its end was sent.
  @Test func `the end of content before DATA was answered does not put the message in doubt`() {
    let conversations = play(Moment.lockstep[1].before)
    for conversation in conversations {
      #expect(conversation.session.append(.end(size: 10)) { $0 += bytes(".\r\n") } == nil)
      #expect(conversation.session.position.command == "MAIL FROM")
    }
  }
}
