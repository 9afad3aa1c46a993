import Testing

@testable import SMTPProtocol

/// Chunks that a server does not take: nothing after them may be read as a command.
@Suite struct ChunkingRefusalTests {
  private static let start =
    opening("PIPELINING", "CHUNKING", "SIZE 100") + """
      > send a@x.example b@y.example
      C: MAIL FROM:<a@x.example>
      C: RCPT TO:<b@y.example>
      S: 250 ok
      S: 250 ok
      ! content wanted

      """
  private static let twoChunks = """
    > chunk Hello
    C: BDAT 7
    C: Hello
    > last Bob
    C: BDAT 5 LAST
    C: Bob

    """

  private func play(_ transcript: String, chunking: Session.Chunking = .on) {
    SMTPProtocolTests.play(Self.start + transcript, chunking: chunking)
  }

  /// RFC 3030 section 2 allows nothing but a refusal.
  @Test func `a server that takes the end of a message without its beginning is left`() {
    play(
      Self.twoChunks + """
        S: 452 full
        S: 250 queued
        ! send failed: protocolViolation, BDAT, message phase, retry unknown, 250
        ! - b@y.example unknown, DATA 452
        ! connection failed: protocolViolation, BDAT, message phase, retry unknown, 250
        """)
  }

  @Test func `a chunk that is taken after one that was not leaves the verdict when it is no end`() {
    play(
      """
      > chunk Hello
      C: BDAT 7
      C: Hello
      > chunk Bob
      C: BDAT 5
      C: Bob
      S: 452 full
      S: 250 5 octets
      ! send failed: message, BDAT, message phase, retry safe, 452
      ! - b@y.example deferred, DATA 452
      ! connection failed: protocolViolation, BDAT, message phase, retry safe, 250
      """)
  }

  /// RFC 5321 section 4.2.4: the server has not understood the command, and has perhaps not
  /// counted the octets that follow it.
  @Test(arguments: [500, 501, 502, 504])
  func `a server that does not understand BDAT is left`(_ code: Int) {
    let left = """
      ! send failed: message, BDAT, message phase, retry no, \(code)
      ! - b@y.example rejected, DATA \(code)
      ! connection failed: connection, BDAT, message phase, retry safe, \(code)
      """
    play(Self.twoChunks + "S: \(code) what?\n" + left)
    play(Self.twoChunks + "S: 250 ok\nS: \(code) what?\n" + left)
    play(
      Self.twoChunks + """
        S: 452 full
        S: \(code) what?
        ! send failed: message, BDAT, message phase, retry safe, 452
        ! - b@y.example deferred, DATA 452
        ! connection failed: connection, BDAT, message phase, retry safe, \(code)
        """)
  }

  @Test(arguments: [500, 502])
  func `nor one that does not understand a message without recipients`(_ code: Int) {
    SMTPProtocolTests.play(
      opening("PIPELINING", "CHUNKING") + """
        > send a@x.example b@y.example atonce=One
        C: MAIL FROM:<a@x.example>
        C: RCPT TO:<b@y.example>
        C: BDAT 5 LAST
        C: One
        S: 250 ok
        S: 550 no
        S: \(code) what?
        ! send failed: envelope, RCPT TO, envelope phase, retry no, 550
        ! - b@y.example rejected, RCPT TO 550
        ! connection failed: connection, BDAT, message phase, retry safe, \(code)
        """, chunking: .optimistic)
  }

  @Test(arguments: [503, 552, 554, 452])
  func `other refusals keep the connection`(_ code: Int) {
    let conversations = SMTPProtocolTests.play(
      Self.start + "> last Bob\nC: BDAT 5 LAST\nC: Bob\nS: \(code) no\n" + """
        ! send failed: message, BDAT, message phase, retry \(code < 500 ? "safe" : "no"), \(code)
        ! - b@y.example \(code < 500 ? "deferred" : "rejected"), DATA \(code)
        """, chunking: .on)
    #expect(conversations.allSatisfy { $0.session.isReady })
  }

  // MARK: More than the server takes

  @Test func `a message may have as much as the server takes`() {
    play("> chunk Hello\nC: BDAT 7\nC: Hello\n> grow 100\n> last Bob\nC: BDAT 5 LAST\nC: Bob\n")
  }

  @Test func `one that grows too large ends before the chunk that would be too much`() {
    play(
      """
      > chunk Hello
      C: BDAT 7
      C: Hello
      > chunk Bob
      C: BDAT 5
      C: Bob
      > grow 101
      > last never
      S: 250 7 octets
      S: 250 5 octets
      ! send failed: message, BDAT, message phase, retry no
      ! - b@y.example notTried, RCPT TO 250
      > send a@x.example b@y.example
      C: RSET
      C: MAIL FROM:<a@x.example>
      C: RCPT TO:<b@y.example>
      """)
    play(
      """
      > grow 101
      ! send failed: message, BDAT, message phase, retry no
      ! - b@y.example notTried, RCPT TO 250
      """)
  }

  @Test func `DATA is ended by closing`() {
    SMTPProtocolTests.play(
      opening("PIPELINING", "SIZE 100") + """
        > send a@x.example b@y.example
        C: MAIL FROM:<a@x.example>
        C: RCPT TO:<b@y.example>
        C: DATA
        S: 250 ok
        S: 250 ok
        S: 354 go
        ! content wanted
        > grow 101
        ! send failed: message, DATA, message phase, retry no
        ! - b@y.example notTried, RCPT TO 250
        ! connection failed: connection, DATA, message phase, retry safe
        """)
  }

  @Test func `a server that has already refused a part is not refused once more`() {
    play(
      """
      > chunk Hello
      C: BDAT 7
      C: Hello
      > chunk Bob
      C: BDAT 5
      C: Bob
      S: 452 full
      > grow 101
      S: 503 no
      ! send failed: message, BDAT, message phase, retry safe, 452
      ! - b@y.example deferred, DATA 452
      """)
  }
}

/// RSET goes where a transaction may be open, and nowhere else.
@Suite struct ResetTests {
  private static let group = """
    > send a@x.example b@y.example
    C: MAIL FROM:<a@x.example>
    C: RCPT TO:<b@y.example>
    C: DATA

    """

  /// A sender that was refused has opened none (RFC 5321 section 3.3).
  @Test(arguments: [530, 550, 451])
  func `none after a sender that was refused`(_ code: Int) {
    let refused = """
      S: \(code) no
      S: 530 no
      S: 530 no
      ! send failed: envelope, MAIL FROM, envelope phase, retry \(code < 500 ? "safe" : "no"), \(code)
      ! - b@y.example notTried

      """
    play(opening("PIPELINING") + Self.group + refused + Self.group + refused)
  }

  @Test(arguments: ["503 no\nS: 503 no\nS: 503 no", "550 no\nS: 250 ok\nS: 503 no"])
  func `one when the server may have a transaction all the same`(_ replies: String) {
    let code = replies.prefix(3)
    play(
      opening("PIPELINING") + Self.group + """
        S: \(replies)
        ! send failed: envelope, MAIL FROM, envelope phase, retry no, \(code)
        ! - b@y.example notTried
        > send <> b@y.example
        C: RSET
        C: MAIL FROM:<>
        C: RCPT TO:<b@y.example>
        C: DATA
        """)
  }

  /// Commands sent ahead begin with RSET, which may then be refused too.
  @Test(arguments: [530, 502])
  func `one that was not needed may be refused`(_ code: Int) {
    play(
      opening("PIPELINING", "CHUNKING") + """
        > send a@x.example b@y.example atonce=One
        C: MAIL FROM:<a@x.example>
        C: RCPT TO:<b@y.example>
        C: BDAT 5 LAST
        C: One
        > send a@x.example d@y.example atonce=Two
        C: RSET
        C: MAIL FROM:<a@x.example>
        C: RCPT TO:<d@y.example>
        C: BDAT 5 LAST
        C: Two
        S: 530 log in
        S: 530 log in
        S: 530 log in
        ! send failed: envelope, MAIL FROM, envelope phase, retry no, 530
        ! - b@y.example notTried
        S: \(code) no
        S: 530 log in
        S: 530 log in
        S: 530 log in
        ! send failed: envelope, MAIL FROM, envelope phase, retry no, 530
        ! - d@y.example notTried
        """, chunking: .optimistic)
  }
}
