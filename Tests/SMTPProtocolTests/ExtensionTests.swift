import Testing

@testable import SMTPProtocol

/// What the extensions bring to MAIL and RCPT, and what is refused before MAIL.
@Suite struct ExtensionTests {
  @Test func `what a recipient has of its own goes before what all have`() throws {
    var request = SendRequest(
      from: nil, recipients: try ["b@y.example", "c@y.example"].map { try Mailbox(bytes($0)) },
      size: nil, use8BitMIME: nil)
    request.notify = try .init(bytes("DELAY"))
    request.originalRecipient = try .init(bytes("all@z.example"))
    request.recipients[0].notify = try .init(bytes("NEVER"))
    request.recipients[1].originalRecipient = try .init(bytes("own@z.example"))
    let capabilities = Capabilities(reply: Reply(250, "mx.example", "DSN"))
    var output = SessionOutput(nil)
    for recipient in request.recipients {
      request.writeRecipient(recipient, to: &output, capabilities)
    }
    #expect(
      text(output.bytes) == """
        RCPT TO:<b@y.example> NOTIFY=NEVER ORCPT=rfc822;all@z.example\r
        RCPT TO:<c@y.example> NOTIFY=DELAY ORCPT=rfc822;own@z.example\r

        """)
  }

  // MARK: Refusals

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
    let label = message(
      [],
      {
        $0.recipients[0] = .init(try! Mailbox(bytes("b@é.example"), domains: FixedDomains.shared))
      })
    #expect(label?.message.hasSuffix("not offer; its domain has no A-label: \"é.example\"") == true)
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
}
