import Testing

@testable import SMTPProtocol

/// What is seen of a login by those who read the log.
@Suite struct SessionSecrecyTests {
  private static let start = opening("AUTH PLAIN LOGIN")
  private static let secret = "s3cr3t-Pa55w0rd"

  private func shown(_ conversation: Conversation) -> [String] {
    conversation.log.texts
  }

  @Test func `the log has commands and replies as they were`() {
    for conversation in play(opening("SIZE 10", "8BITMIME") + "> quit\nC: QUIT\n")
    where conversation.isTraced {
      #expect(
        shown(conversation) == [
          "S: 220 mx.example ESMTP", "C: EHLO client.example", "S: 250-mx.example",
          "S: 250-SIZE 10", "S: 250 8BITMIME", "C: QUIT",
        ])
    }
  }

  @Test func `the log has no more of a hidden command than its first word`() {
    let conversations = play(
      opening() + """
        > hidden XLOGIN tim \(Self.secret)
        C: XLOGIN tim \(Self.secret)
        S: 501-5.5.4 what is
        S: 501 5.5.4 \(Self.secret)?
        ! hidden failed: command, XLOGIN, command phase, retry no, 501
        > command XSTATUS queue
        C: XSTATUS queue
        S: 250 queue
        ! command ok 250
        """)
    for conversation in conversations where conversation.isTraced {
      #expect(
        shown(conversation).dropFirst(3) == [
          "C: XLOGIN ********", "S: 501 5.5.4 ********", "C: XSTATUS queue", "S: 250 queue",
        ])
    }
  }

  @Test func `what a server says after a hidden command is not quoted`() {
    for conversation in play(
      opening() + """
        > hidden XLOGIN tim \(Self.secret)
        C: XLOGIN tim \(Self.secret)
        S: \(Self.secret) is no reply
        ! hidden failed: protocolViolation, XLOGIN, command phase, retry no
        ~ the server sent something that is not an SMTP reply
        ! connection failed: protocolViolation, XLOGIN, command phase, retry no
        """)
    {
      #expect(conversation.session.isOver)
    }
  }

  @Test func `the log has no responses and no challenges`() {
    let conversations = play(
      Self.start + """
        > login PLAIN tim \(Self.secret)
        C: AUTH PLAIN \(base64("\0tim\0" + Self.secret))
        S: 334-\(base64(Self.secret))
        S: 334 \(base64("\0tim\0" + Self.secret))
        C: \(base64("\0tim\0" + Self.secret))
        S: 535 no
        ! login failed: auth, AUTH PLAIN, auth phase, retry no, 535
        > login LOGIN tim \(Self.secret)
        C: AUTH LOGIN
        S: 334 VXNlcm5hbWU6
        C: \(base64("tim"))
        S: 334 UGFzc3dvcmQ6
        C: \(base64(Self.secret))
        S: 235 welcome
        ! login ok
        """)
    for conversation in conversations where conversation.isTraced {
      #expect(
        shown(conversation).dropFirst(4) == [
          "C: AUTH PLAIN ********", "S: 334-********", "S: 334 ********", "C: ********",
          "S: 535 no", "C: AUTH LOGIN", "S: 334 ********", "C: ********", "S: 334 ********",
          "C: ********", "S: 235 welcome",
        ])
    }
  }

  @Test func `a long response is hidden too, and so is what was cancelled`() {
    let long = String(repeating: Self.secret, count: 40)
    let conversations = play(
      Self.start + """
        > login PLAIN tim \(long)
        C: AUTH PLAIN
        S: 334
        C: \(base64("\0tim\0" + long))
        S: 334 no base64 at all
        C: \(base64("\0tim\0" + long))
        S: 334 again
        C: *
        S: 501 ok
        ! login failed: auth, AUTH PLAIN, auth phase, retry no
        """)
    for conversation in conversations where conversation.isTraced {
      #expect(
        shown(conversation).dropFirst(4) == [
          "C: AUTH PLAIN", "S: 334 ********", "C: ********", "S: 334 ********", "C: ********",
          "S: 334 ********", "C: *", "S: 501 ok",
        ])
    }
  }

  /// Failures reach the log as well.
  @Test func `no failure repeats a challenge, which may repeat the secret`() {
    var conversation = Conversation()
    Transcript(Self.start).play(.whole, &conversation, #_sourceLocation)
    let credentials = Credentials(
      user: bytes("tim"), password: bytes(Self.secret), FixedCryptography())
    conversation.perform { session, _ in session.login(Login(credentials)) }
    for _ in 0..<3 { conversation.receive(bytes("334 \(base64(Self.secret))\r\n")) }
    conversation.receive(bytes("334 \(base64(Self.secret))\r\n"))
    #expect(conversation.session.isOver)
    for event in conversation.takeEvents() {
      guard case .failed(let failure, _) = event else { continue }
      #expect(!failure.message.contains(base64(Self.secret)))
    }
  }

  @Test func `334 outside of a login is no challenge and is shown`() {
    let conversations = play(
      Self.start + """
        S: 334 surprise
        ! connection failed: protocolViolation, CONN, idle phase, retry safe, 334
        """)
    for conversation in conversations where conversation.isTraced {
      #expect(shown(conversation).last == "S: 334 surprise")
    }
  }

  @Test func `nothing is logged unless it is asked for`() {
    let lines = LogLines()
    let configuration = Session.Configuration(
      name: bytes("client.example"), tlsPolicy: .never, isSecure: false, log: lines.log)
    lines.log.onLine = nil
    let session = Session(configuration, cryptography: FixedCryptography())
    _ = session.receive(bytes("220 hi\r\n").span, now: 0)
    while session.nextEvent() != nil {}
    _ = session.took(session.output.count, now: 0)
    _ = session.receive(bytes("250 hi\r\n").span, now: 0)
    while session.nextEvent() != nil {}
    session.quit()
    #expect(lines.texts.isEmpty)
    #expect(text(session.output.bytes) == "QUIT\r\n")
  }

  @Test func `the line with the password is overwritten`() {
    let conversations = play(
      Self.start + """
        > login PLAIN tim \(Self.secret)
        C: AUTH PLAIN \(base64("\0tim\0" + Self.secret))
        """)
    for conversation in conversations {
      let line = bytes("AUTH PLAIN " + base64("\0tim\0" + Self.secret))
      #expect(conversation.cryptography.cleansed.contains { Bytes.contains($0, line) })
    }
  }

  @Test(arguments: [
    "500 5.5.1 Unrecognized command 'AUTH PLAIN \(base64("\0tim\0" + secret))'",
    "535 5.7.8 \"\(secret)\" is not your password",
    // Cut off.
    "500 5.5.1 Unrecognized command 'AUTH PLAIN \(base64("\0tim\0" + secret).prefix(8))...",
    "535 5.7.8 \(secret.dropFirst(5).prefix(8))",
    // Written in several lines.
    "535-5.7.8 \(secret.prefix(5))\nS: 535-\(secret.dropFirst(5).prefix(5))\nS: 535 \(secret.dropFirst(10))",
  ])
  func `a server that repeats the secret does not bring it into log or error`(_ reply: String) {
    for conversation in play(
      Self.start + """
        > login PLAIN tim \(Self.secret)
        C: AUTH PLAIN \(base64("\0tim\0" + Self.secret))
        S: \(reply)
        ! login failed: auth, AUTH PLAIN, auth phase, retry no, \(reply.prefix(3))
        """)
    where conversation.isTraced {
      // That of the last line.
      let status = reply.hasPrefix("535-") ? "" : reply.dropFirst(4).prefix(6)
      #expect(shown(conversation).last == "S: \(reply.prefix(4).dropLast()) \(status)********")
    }
  }

  @Test func `a hidden word that is repeated in part is not shown either`() {
    for conversation in play(
      opening() + """
        > hidden XLOGIN tim \(Self.secret)
        C: XLOGIN tim \(Self.secret)
        S: 501-\(Self.secret.prefix(4))
        S: 501 \(Self.secret.dropFirst(4).prefix(4))...
        ! hidden failed: command, XLOGIN, command phase, retry no, 501
        ~ the server refused XLOGIN: 501 ********
        """)
    where conversation.isTraced {
      #expect(shown(conversation).last == "S: 501 ********")
    }
  }

  /// 421 is the reason why the connection ends.
  @Test(arguments: [("500 5.5.1", "5.5.1 ********"), ("250", "********"), ("421 4.4.2", nil)])
  func `a reply after a login, to nothing, is shown by its codes`(_ code: String, _ masked: String?)
  {
    let said = "\(code) \(base64(Self.secret)) \(Self.secret)"
    for login in [
      "S: 235 ok\n! login ok",
      "S: 535 no\n! login failed: auth, AUTH PLAIN, auth phase, retry no, 535",
    ] {
      let retry = masked == nil ? "connection" : "protocolViolation"
      for conversation in play(
        Self.start + """
          > login PLAIN tim \(Self.secret)
          C: AUTH PLAIN \(base64("\0tim\0" + Self.secret))
          \(login)
          S: \(said)
          ! connection failed: \(retry), CONN, idle phase, retry safe, \(code.prefix(3))
          """)
      {
        let expected = masked.map { "\(code.prefix(3)) \($0)" } ?? said
        #expect(conversation.session.lastReply.map { text($0.text) } == expected)
        if conversation.isTraced { #expect(shown(conversation).last == "S: \(expected)") }
      }
    }
  }

  @Test func `what the mechanism before has sent is not shown while the login goes on`() {
    for conversation in play(
      Self.start + """
        > login PLAIN tim \(Self.secret)
        C: AUTH PLAIN \(base64("\0tim\0" + Self.secret))
        S: 534 no
        ! login failed: auth, AUTH PLAIN, auth phase, retry no, 534
        > login LOGIN tim another
        C: AUTH LOGIN
        S: 500 5.5.1 \(base64("\0tim\0" + Self.secret).suffix(20)) is no command
        ! login failed: auth, AUTH LOGIN, auth phase, retry no, 500
        ~ the server refused the login: 500 5.5.1 ********
        """)
    where conversation.isTraced {
      #expect(shown(conversation).last == "S: 500 5.5.1 ********")
    }
  }

  /// The explanation is cut to a length that a person reads.
  @Test func `a response that an explanation cuts off is recognized`() {
    let message =
      "n,a=tim,\u{1}host=mail.example\u{1}port=587\u{1}auth=Bearer \(Self.secret)\u{1}\u{1}"
    let filler = String(repeating: "y", count: 130)
    for conversation in play(
      opening("AUTH OAUTHBEARER") + """
        > login OAUTHBEARER tim \(Self.secret)
        C: AUTH OAUTHBEARER \(base64(message))
        S: 334 \(base64("{\"status\":\"\(filler)\(base64(message))\"}"))
        C: AQ==
        S: 535 no
        ! login failed: auth, AUTH OAUTHBEARER, auth phase, retry no, 535
        ~ the server refused the login: 535 no (********)
        """)
    {
      #expect(conversation.session.isReady)
    }
  }
}
