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

  private static let hello = """
    S: 220 mx.example
    C: EHLO client.example
    S: 250-mx-STARTTLS.example STARTTLS
    S: 250-X-STARTTLS
    S: 250 SIZE 10

    """

  @Test(arguments: [Session.TLSPolicy.ifOffered, .required])
  func `STARTTLS is used when it is offered, and EHLO is sent again`(_ policy: Session.TLSPolicy) {
    let conversations = play(
      Self.offer + """
        C: STARTTLS
        S: 220 go ahead
        ! start TLS
        > secured
        C: EHLO client.example
        S: 250-mx.example
        S: 250 SMTPUTF8
        ! opened
        """, policy: policy)
    for conversation in conversations {
      #expect(conversation.session.isSecure && conversation.session.isReady)
      #expect(conversation.session.capabilities.smtpUTF8)
    }
  }

  @Test func `STARTTLS is not used when the caller forbids it`() {
    let conversations = play(Self.offer + "! opened", policy: .never)
    #expect(conversations.allSatisfy { !$0.session.isSecure && $0.session.isReady })
  }

  @Test(arguments: [Session.TLSPolicy.never, .ifOffered, .required])
  func `STARTTLS is not used when TLS is there already`(_ policy: Session.TLSPolicy) {
    let conversations = play(Self.offer + "! opened", policy: policy, isSecure: true)
    #expect(conversations.allSatisfy { $0.session.isSecure && $0.session.isReady })
  }

  @Test(arguments: [Session.TLSPolicy.never, .ifOffered])
  func `without the offer the dialogue continues without TLS`(_ policy: Session.TLSPolicy) {
    let conversations = play(Self.hello + "! opened", policy: policy)
    #expect(conversations.allSatisfy { !$0.session.isSecure && $0.session.isReady })
  }

  /// Case 26 of the original; the word in a host name or another keyword is no offer.
  @Test func `without the offer a caller who requires TLS gets no connection`() {
    play(
      Self.hello + """
        C: QUIT
        ! connection failed: tls, STARTTLS, starttls phase, retry no
        """, policy: .required)
  }

  @Test func `a caller who requires TLS is not content with HELO`() {
    play(
      """
      S: 220 mx.example
      C: EHLO client.example
      S: 502 what?
      C: QUIT
      ! connection failed: tls, EHLO, hello phase, retry no, 502
      """, policy: .required)
  }

  /// Only 220 is an agreement.
  @Test(
    arguments: [Session.TLSPolicy.ifOffered, .required],
    [(454, "safe"), (501, "no"), (502, "no"), (250, "no"), (200, "no"), (354, "no")])
  func `an offer that is taken back ends the connection`(
    _ policy: Session.TLSPolicy, _ reply: (code: Int, retry: String)
  ) {
    let conversations = play(
      Self.offer + """
        C: STARTTLS
        S: \(reply.code) no
        C: QUIT
        ! connection failed: tls, STARTTLS, starttls phase, retry \(reply.retry), \(reply.code)
        """, policy: policy)
    #expect(conversations.allSatisfy { !$0.session.isSecure && $0.session.isOver })
  }

  @Test func `421 may answer STARTTLS`() {
    play(
      Self.offer + """
        C: STARTTLS
        S: 421 busy
        ! connection failed: connection, STARTTLS, starttls phase, retry safe, 421
        """)
  }

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

  @Test(arguments: [Session.TLSPolicy.ifOffered, .required])
  func `whole replies after it end the connection too`(_ policy: Session.TLSPolicy) {
    play(
      Self.offer + """
        C: STARTTLS
        S: 220 go ahead
        S: 250-mx.example
        S: 250 AUTH PLAIN
        ! connection failed: tls, STARTTLS, starttls phase, retry no
        """, policy: policy, feeding: [.whole])
  }

  @Test func `a refusal of STARTTLS may not be followed by anything either`() {
    play(
      Self.offer + """
        C: STARTTLS
        S: 454 no
        S: 250 injected
        ! opened
        ! connection failed: protocolViolation, CONN, idle phase, retry safe, 250
        """, policy: .opportunistic)
  }

  @Test(arguments: [250, 220, 500])
  func `a reply while TLS is being negotiated is nonsense`(_ code: Int) {
    play(
      Self.offer + """
        C: STARTTLS
        S: 220 go ahead
        ! start TLS
        S: \(code) injected
        ! connection failed: protocolViolation, CONN, idle phase, retry safe, \(code)
        """)
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

  @Test(arguments: [Session.TLSPolicy.ifOffered, .required])
  func `HELO under TLS is good enough, and nothing old comes back`(_ policy: Session.TLSPolicy) {
    let conversations = play(
      Self.offer + """
        C: STARTTLS
        S: 220 go ahead
        ! start TLS
        > secured
        C: EHLO client.example
        S: 502 what?
        C: HELO client.example
        S: 250 mx.example
        ! opened
        """, policy: policy)
    for conversation in conversations {
      #expect(conversation.session.isSecure && conversation.session.isReady)
      #expect(conversation.session.capabilities.lines.isEmpty)
    }
  }

  @Test func `an offer of STARTTLS under TLS is not taken`() {
    play(
      Self.offer + """
        C: STARTTLS
        S: 220 go ahead
        ! start TLS
        > secured
        C: EHLO client.example
        S: 250-mx.example
        S: 250 STARTTLS
        ! opened
        """)
  }

  @Test func `STARTTLS in the reply to HELO is no offer`() {
    play(
      """
      S: 220 mx.example
      C: EHLO client.example
      S: 502 what?
      C: HELO client.example
      S: 250-mx.example
      S: 250 STARTTLS
      ! opened
      """)
  }
}
