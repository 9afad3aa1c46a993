import Testing

@testable import SMTPProtocol

/// RFC 3207.
@Suite struct SessionTLSTests {
  private static let offer = """
    S: 220 mx.example
    C: EHLO client.example
    S: 250-mx.example
    S: 250-PIPELINING
    S: 250-SIZE 10
    S: 250-AUTH PLAIN
    S: 250 STARTTLS

    """

  /// Case 86 of the original: they were sent without TLS, perhaps by an attacker.
  @Test(
    arguments: [Session.TLSPolicy.ifOffered, .required, .opportunistic],
    [
      "250-SMTPUTF8 INJECTED-MARKER ", "250 injected\r\n", "421 bye\r\n", "\r\n", "\r", " ", "\0",
      "\u{16}\u{3}\u{1}",
    ])
  func `octets after the reply to STARTTLS end the connection`(
    _ policy: Session.TLSPolicy, _ injected: String
  ) {
    for isTraced in [false, true] {
      var conversation = Conversation(policy, isTraced: isTraced)
      Transcript(Self.offer + "C: STARTTLS").play(.whole, &conversation, #_sourceLocation)
      conversation.receive(bytes("220 go ahead\r\n" + injected))
      #expect(
        conversation.takeEvents().flatMap { $0.lines }
          == ["connection failed: tls, STARTTLS, starttls phase, retry no"])
      #expect(conversation.takeOutput().isEmpty)
      #expect(!conversation.session.isSecure && conversation.session.isOver)
    }
  }

  /// RFC 3207 section 4.2.
  @Test func `what was learned before TLS is forgotten at once`() {
    let conversations = play(
      Self.offer + """
        C: STARTTLS
        S: 220 go ahead
        ! start TLS
        > secured
        C: EHLO client.example
        """)
    for conversation in conversations {
      let session = conversation.session
      #expect(session.capabilities.lines.isEmpty && !session.capabilities.pipelining)
      #expect(session.capabilities.sizeLimit == nil && session.capabilities.mechanisms.isEmpty)
      #expect(session.lastReply == nil)
      #expect(session.isSecure && !session.isReady)
    }
  }
}
