import Testing

@testable import SMTPProtocol

/// What the extensions bring to MAIL and RCPT, and what is refused before MAIL.
@Suite struct ExtensionTests {
  private func hello(_ keywords: [String]) -> String {
    let lines = ["mx.example"] + keywords
    let replies = lines.enumerated().map { index, line in
      "S: 250\(index < lines.count - 1 ? "-" : " ")\(line)\n"
    }
    return "S: 220 mx.example\nC: EHLO client.example\n\(replies.joined())! opened\n"
  }

  // MARK: DSN (RFC 3461)

  private static let dsn =
    "a@x.example b@y.example c@y.example ret=full envid=a+b=c notify=delay,success orcpt=d+e@z.example"

  @Test func `DSN parameters go where DSN is offered`() {
    play(
      hello(["DSN", "PIPELINING"]) + """
        > send \(Self.dsn)
        C: MAIL FROM:<a@x.example> RET=FULL ENVID=a+2Bb+3Dc
        C: RCPT TO:<b@y.example> NOTIFY=DELAY,SUCCESS ORCPT=rfc822;d+2Be@z.example
        C: RCPT TO:<c@y.example> NOTIFY=DELAY,SUCCESS ORCPT=rfc822;d+2Be@z.example
        C: DATA
        """)
    play(
      hello(["DSN"]) + """
        > send a@x.example b@y.example ret=hdrs notify=never
        C: MAIL FROM:<a@x.example> RET=HDRS
        S: 250 ok
        C: RCPT TO:<b@y.example> NOTIFY=NEVER
        """)
  }

  @Test func `and nowhere else`() {
    play(
      hello(["DSNX", "PIPELINING"]) + """
        > send \(Self.dsn)
        C: MAIL FROM:<a@x.example>
        C: RCPT TO:<b@y.example>
        C: RCPT TO:<c@y.example>
        C: DATA
        """)
  }

  @Test func `what a recipient has of its own goes before what all have`() throws {
    var request = SendRequest(
      from: nil, recipients: try ["b@y.example", "c@y.example"].map { try Mailbox(bytes($0)) },
      size: nil, use8BitMIME: nil)
    request.notify = try .init(bytes("DELAY"))
    request.originalRecipient = try .init(bytes("all@z.example"))
    request.recipients[0].notify = try .init(bytes("NEVER"))
    request.recipients[1].originalRecipient = try .init(bytes("own@z.example"))
    let capabilities = Capabilities(reply: Reply(250, "mx.example", "DSN"))
    var output = SessionOutput(traces: false)
    for recipient in request.recipients {
      request.writeRecipient(recipient, to: &output, capabilities)
    }
    #expect(
      text(output.bytes) == """
        RCPT TO:<b@y.example> NOTIFY=NEVER ORCPT=rfc822;all@z.example\r
        RCPT TO:<c@y.example> NOTIFY=DELAY ORCPT=rfc822;own@z.example\r

        """)
  }

  // MARK: What was seen of the message

  @Test(arguments: [
    ([], "survey=A:b\\n\\nx", ""), (["SIZE"], "survey=A:b\\n\\nx", " SIZE=10"),
    (["SIZE"], "survey=A:b\\n\\nx size=999", " SIZE=10"),
    (["8BITMIME"], "survey=A:b\\n\\né", " BODY=8BITMIME"),
    (["8BITMIME"], "survey=A:b\\n\\nx", ""), (["8BITMIME"], "survey=A:b\\n\\né 7bit", ""),
    (["8BITMIME"], "survey=A:b\\n\\nx 8bit", " BODY=8BITMIME"),
    ([], "survey=A:b\\n\\né 8bit", ""), ([], "survey=A:b\\n\\né 7bit", ""),
    (["8BITMIME", "SMTPUTF8"], "survey=A:b\\n\\né", " BODY=8BITMIME"),
    (["8BITMIME", "SMTPUTF8"], "survey=A:é\\n\\nx", " SMTPUTF8 BODY=8BITMIME"),
    (["8BITMIME"], "survey=A:é\\n\\nx", " BODY=8BITMIME"),
    (["SMTPUTF8"], "smtputf8", " SMTPUTF8"), (["SMTPUTF8"], "", ""),
    (
      ["8BITMIME", "SMTPUTF8", "SIZE", "DSN"], "survey=é smtputf8 ret=full envid=q",
      " SMTPUTF8 BODY=8BITMIME SIZE=4 RET=FULL ENVID=q"
    ),
  ])
  func `MAIL tells what the message needs`(
    _ keywords: [String], _ options: String, _ parameters: String
  ) {
    play(
      hello(keywords)
        + "> send a@x.example b@y.example \(options)\nC: MAIL FROM:<a@x.example>\(parameters)\n")
  }

  // MARK: Refusals

  @Test(arguments: [
    ([], "survey=A:b\\n\\né", "message"), (["SMTPUTF8"], "survey=A:é\\n\\n", "message"),
    (["8BITMIME", "SIZE 9"], "survey=A:b\\n\\nx", "message"),
    (["SIZE 9"], "survey=A:b\\n\\nx size=1", "message"), (["8BITMIME"], "smtputf8", "message"),
    ([], "requiretls", "requireTLS"), (["REQUIRETLS"], "requiretls", "requireTLS"),
  ])
  func `what the server cannot take is refused before MAIL`(
    _ keywords: [String], _ options: String, _ code: String
  ) {
    let conversations = play(
      hello(keywords) + """
        > send a@x.example b@y.example \(options)
        ! send failed: \(code), MAIL FROM, envelope phase, retry no
        ! - b@y.example notTried
        > send a@x.example b@y.example
        C: MAIL FROM:<a@x.example>
        """)
    #expect(conversations.allSatisfy { !$0.session.isOver })
  }

  @Test func `the measured size is used before the size of the envelope`() {
    play(
      hello(["SIZE 10"]) + """
        > send a@x.example b@y.example survey=A:b\\n\\nx size=11
        C: MAIL FROM:<a@x.example> SIZE=10
        """)
  }

  private func message(
    _ keywords: [String], _ change: (inout SendRequest) -> Void, isSecure: Bool = true,
    isVerified: Bool = true, allowsChunks: Bool = true
  ) -> Failure? {
    var request = SendRequest(
      from: try! Mailbox(bytes("a@x.example")), recipients: [try! Mailbox(bytes("b@y.example"))],
      size: nil, use8BitMIME: nil)
    change(&request)
    return request.refusal(
      by: Capabilities(reply: Reply(code: 250, lines: (["mx"] + keywords).map { bytes($0) })),
      security: .init(isSecure: isSecure, isVerified: isVerified), allowsChunks: allowsChunks)
  }

  @Test func `the message gives the reason, with numbers and addresses`() {
    let size = message(["SIZE 10"], { $0.size = 11 })
    #expect(
      size?.message == "the message has 11 octets and the server takes no more than 10 (SIZE)")
    let address = message([], { $0.recipients[0] = .init(try! Mailbox(bytes("b@é.example"))) })
    #expect(
      address?.message
        == "the address \"b@é.example\" needs SMTPUTF8, which the server does not offer; give its"
        + " domain as an A-label (xn--...)")
    #expect(address?.recipient == bytes("b@é.example"))
    let sender = message([], { $0.from = try! Mailbox(bytes("é@x.example")) })
    #expect(
      sender?.message
        == "the address \"é@x.example\" needs SMTPUTF8, which the server does not offer")
    #expect(sender != nil && sender?.recipient == nil)
  }

  /// SIZE counts to 2^64 (RFC 1870 has 20 digits).
  @Test func `the number of octets is the one that was given`() {
    #expect(
      message(["SIZE 10"], { $0.size = .max })?.message.contains("18446744073709551615") == true)
  }

  // MARK: REQUIRETLS (RFC 8689)

  @Test func `REQUIRETLS needs TLS, a verified certificate and the server's word`() {
    let wish = { (request: inout SendRequest) in request.requiresTLS = true }
    let start = "REQUIRETLS is not possible: "
    #expect(message(["REQUIRETLS"], wish) == nil)
    #expect(message([], wish)?.message == start + "the server does not offer it")
    #expect(
      message(["REQUIRETLS"], wish, isVerified: false)?.message
        == start + "the certificate of the server was not verified")
    #expect(
      message(["REQUIRETLS"], wish, isSecure: false)?.message
        == start + "the connection is not under TLS")
    #expect(message([], { _ in }, isSecure: false, isVerified: false) == nil)
  }

  @Test func `REQUIRETLS goes with MAIL under verified TLS`() {
    let start =
      hello(["REQUIRETLS", "SIZE"]) + "> send a@x.example b@y.example size=1 requiretls\n"
    play(start + "C: MAIL FROM:<a@x.example> SIZE=1 REQUIRETLS\n", isSecure: true)
    play(
      start
        + "! send failed: requireTLS, MAIL FROM, envelope phase, retry no\n! - b@y.example notTried\n",
      isSecure: true, verifiesPeer: false)
  }

  // MARK: Opportunistic TLS

  @Test(arguments: [454, 501, 502, 554, 250])
  func `a server that refuses STARTTLS is not left`(_ code: Int) {
    let conversations = play(
      """
      S: 220 hi
      C: EHLO client.example
      S: 250-mx.example
      S: 250-SIZE
      S: 250 STARTTLS
      C: STARTTLS
      S: \(code) no
      ! opened
      > send a@x.example b@y.example size=5
      C: MAIL FROM:<a@x.example> SIZE=5
      """, policy: .opportunistic)
    #expect(conversations.allSatisfy { !$0.session.isSecure })
  }

  @Test func `a server that offers it is asked, and only then`() {
    let conversations = play(
      """
      S: 220 hi
      C: EHLO client.example
      S: 250-mx.example
      S: 250 STARTTLS
      C: STARTTLS
      S: 220 go
      ! start TLS
      > secured
      C: EHLO client.example
      S: 250-mx.example
      S: 250 STARTTLS
      ! opened
      """, policy: .opportunistic)
    #expect(conversations.allSatisfy { $0.session.isSecure })
    play(hello(["SIZE"]), policy: .opportunistic)
    play(
      "S: 220 hi\nC: EHLO client.example\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 421 bye\n"
        + "! connection failed: connection, STARTTLS, starttls phase, retry safe, 421\n",
      policy: .opportunistic)
  }
}
