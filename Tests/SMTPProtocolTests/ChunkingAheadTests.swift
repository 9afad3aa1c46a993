import Testing

@testable import SMTPProtocol

/// Optimistic: envelope and content leave together, several messages at a time. Each
/// has RSET in front of it, but for the first.
@Suite struct ChunkingAheadTests {
  private static let start =
    opening("PIPELINING", "CHUNKING") + """
      > send a@x.example b@y.example c@y.example atonce=One
      C: MAIL FROM:<a@x.example>
      C: RCPT TO:<b@y.example>
      C: RCPT TO:<c@y.example>
      C: BDAT 5 LAST
      C: One
      > send a@x.example d@y.example atonce=Two
      C: RSET
      C: MAIL FROM:<a@x.example>
      C: RCPT TO:<d@y.example>
      C: BDAT 5 LAST
      C: Two

      """

  private func play(_ transcript: String) {
    SMTPProtocolTests.play(Self.start + transcript, chunking: .optimistic)
  }

  @Test func `all is well`() {
    play(
      """
      S: 250 ok
      S: 250 ok
      S: 550 no
      S: 250 queued
      ! send ok
      ! - b@y.example accepted, RCPT TO 250
      ! - c@y.example rejected, RCPT TO 550
      S: 250 reset
      S: 250 ok
      S: 250 ok
      S: 250 queued
      ! send ok
      ! - d@y.example accepted, RCPT TO 250
      > send a@x.example b@y.example atonce=Three
      C: MAIL FROM:<a@x.example>
      C: RCPT TO:<b@y.example>
      C: BDAT 7 LAST
      C: Three
      """)
  }

  @Test func `a sender that is refused is no concern of the next`() {
    play(
      """
      S: 550 no
      S: 503 no
      S: 503 no
      S: 503 no
      ! send failed: envelope, MAIL FROM, envelope phase, retry no, 550
      ! - b@y.example notTried
      ! - c@y.example notTried
      S: 250 reset
      S: 250 ok
      S: 250 ok
      S: 250 queued
      ! send ok
      ! - d@y.example accepted, RCPT TO 250
      """)
  }

  @Test func `neither are recipients that are all refused`() {
    play(
      """
      S: 250 ok
      S: 550 no
      S: 550 no
      S: 503 nobody
      ! send failed: envelope, RCPT TO, envelope phase, retry no, 550
      ! - b@y.example rejected, RCPT TO 550
      ! - c@y.example rejected, RCPT TO 550
      S: 250 reset
      S: 250 ok
      S: 250 ok
      S: 250 queued
      ! send ok
      ! - d@y.example accepted, RCPT TO 250
      """)
  }

  @Test func `nor a message that is refused`() {
    play(
      """
      S: 250 ok
      S: 250 ok
      S: 250 ok
      S: 554 no
      ! send failed: message, BDAT, message phase, retry no, 554
      ! - b@y.example rejected, DATA 554
      ! - c@y.example rejected, DATA 554
      S: 250 reset
      S: 250 ok
      S: 250 ok
      S: 250 queued
      ! send ok
      ! - d@y.example accepted, RCPT TO 250
      > send a@x.example b@y.example atonce=Three
      C: MAIL FROM:<a@x.example>
      C: RCPT TO:<b@y.example>
      C: BDAT 7 LAST
      C: Three
      """)
  }

  @Test func `a server that accepts a message without recipients ends the connection`() {
    play(
      """
      S: 250 ok
      S: 550 no
      S: 550 no
      S: 250 queued
      ! send failed: envelope, RCPT TO, envelope phase, retry no, 550
      ! - b@y.example rejected, RCPT TO 550
      ! - c@y.example rejected, RCPT TO 550
      ! send failed: protocolViolation, BDAT, envelope phase, retry unknown, 250
      ! - d@y.example unknown
      ! connection failed: protocolViolation, BDAT, envelope phase, retry unknown, 250
      """)
  }

  /// 421 instead of the refusal that was to come does not hide why.
  @Test func `a connection that is closed on a message without recipients`() {
    play(
      """
      S: 250 ok
      S: 550 no
      S: 550 no
      S: 421 bye
      ! send failed: envelope, RCPT TO, envelope phase, retry no, 550
      ! - b@y.example rejected, RCPT TO 550
      ! - c@y.example rejected, RCPT TO 550
      ! send failed: connection, BDAT, message phase, retry unknown, 421
      ! - d@y.example unknown
      ! connection failed: connection, BDAT, message phase, retry unknown, 421
      """)
  }

  /// What went out at once may have been delivered, answered for or not.
  @Test func `a connection that is lost puts all in doubt that were not refused`() {
    play(
      """
      S: 250 ok
      S: 250 ok
      S: 550 no
      > close
      ! send failed: connection, BDAT, message phase, retry unknown
      ! - b@y.example unknown, RCPT TO 250
      ! - c@y.example rejected, RCPT TO 550
      ! send failed: connection, BDAT, message phase, retry unknown
      ! - d@y.example unknown
      ! connection failed: connection, BDAT, message phase, retry unknown
      """)
  }

  @Test func `one that was refused is not in doubt`() {
    play(
      """
      S: 550 no
      > close
      ! send failed: envelope, MAIL FROM, envelope phase, retry no, 550
      ! - b@y.example notTried
      ! - c@y.example notTried
      ! send failed: connection, RCPT TO, envelope phase, retry unknown
      ! - d@y.example unknown
      ! connection failed: connection, RCPT TO, envelope phase, retry unknown
      """)
  }

  @Test func `RSET that is refused leaves nothing to rely on`() {
    play(
      """
      S: 250 ok
      S: 250 ok
      S: 250 ok
      S: 250 queued
      ! send ok
      ! - b@y.example accepted, RCPT TO 250
      ! - c@y.example accepted, RCPT TO 250
      S: 500 no
      ! send failed: protocolViolation, RSET, envelope phase, retry unknown, 500
      ! - d@y.example unknown
      ! connection failed: protocolViolation, RSET, envelope phase, retry unknown, 500
      """)
  }

  @Test func `a small message can be sent after another, a large one not at once`() {
    var conversation = Conversation(chunking: .optimistic)
    Transcript(Self.start).play(.whole, &conversation, #_sourceLocation)
    var request = SendRequest(from: nil, recipients: [], size: nil, use8BitMIME: nil)
    #expect(conversation.session.isAheadPossible)
    #expect(conversation.session.sendsAtOnce(request))
    request.isAllOrNone = true
    #expect(!conversation.session.sendsAtOnce(request))
  }

  /// With several copies the number of replies to the chunk is not known.
  @Test(arguments: [("b@y.example", true), ("b@y.example c@y.example", false)])
  func `with LMTP only a message to one`(_ recipients: String, isPossible: Bool) {
    let hello = LMTPTests.hello("PIPELINING\nS: 250 CHUNKING").replacing(
      "S: 250 PIPELINING", with: "S: 250-PIPELINING")
    let commands = recipients.split(separator: " ").map { "C: RCPT TO:<\($0)>\n" }.joined()
    let conversations = SMTPProtocolTests.play(
      hello + """
        > send a@x.example \(recipients) atonce=One
        C: MAIL FROM:<a@x.example>
        \(commands)C: BDAT 5 LAST
        C: One
        """, isLMTP: true, chunking: .optimistic)
    #expect(conversations.allSatisfy { $0.session.isAheadPossible == isPossible })
  }

  @Test func `no more than 32 at a time`() {
    var conversation = Conversation(chunking: .optimistic)
    Transcript(opening("PIPELINING", "CHUNKING")).play(.whole, &conversation, #_sourceLocation)
    let request = SendRequest(from: nil, recipients: [], size: nil, use8BitMIME: nil)
    var count = 0
    repeat {
      conversation.perform { session, now in session.send(request, chunk: 0, now: now) }
      count += 1
    } while conversation.session.isAheadPossible
    #expect(count == 32)
  }
}
