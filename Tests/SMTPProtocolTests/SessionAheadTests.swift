import Testing

@testable import SMTPProtocol

/// When the envelope of the next message may follow what is sent already. What comes of it
/// is in Tests/transcripts: ahead.txt and optimistic.txt.
@Suite struct SessionAheadTests {
  private func session(after transcript: String) -> Session {
    var conversation = Conversation()
    Transcript(transcript).play(.whole, &conversation, #_sourceLocation)
    return conversation.session
  }

  private static let sending = """
    > send a@x.example b@y.example c@y.example
    C: MAIL FROM:<a@x.example>
    C: RCPT TO:<b@y.example>
    C: RCPT TO:<c@y.example>
    C: DATA

    """
  private static let answered = """
    S: 250 ok
    S: 250 ok
    S: 250 ok
    S: 354 go
    ! content wanted

    """
  private static let ended = "> content Hello\nC: Hello\nC: .\n"

  @Test func `only after the end of a message`() {
    let start = opening("PIPELINING", "SIZE 1000")
    let partial = "> partial Hello\\n\nC: Hello\n"
    for transcript in [
      start, start + Self.sending, start + Self.sending + Self.answered,
      start + Self.sending + Self.answered + partial,
    ] {
      #expect(!session(after: transcript).isAheadPossible, "\(transcript)")
    }
    #expect(session(after: start + Self.sending + Self.answered + Self.ended).isAheadPossible)
  }

  @Test func `not for a message that the server does not take`() {
    let session = session(after: opening("PIPELINING", "SIZE 1000"))
    let take = { session.takes(SendRequest(from: nil, recipients: [], size: $0, use8BitMIME: nil)) }
    #expect(take(1000))
    #expect(!take(1001))
  }

  @Test func `not when recipients are left for another transaction`() {
    let answered = Self.answered.replacing("S: 250 ok\nS: 354", with: "S: 452 many\nS: 354")
    let transcript = opening("PIPELINING") + Self.sending + answered + Self.ended
    #expect(!session(after: transcript).isAheadPossible)
  }

  // MARK: With the content

  @Test func `a small message can be sent after another, a large one not at once`() {
    var conversation = Conversation(chunking: .optimistic)
    Transcript(
      opening("PIPELINING", "CHUNKING") + """
        > send a@x.example b@y.example atonce=One
        C: MAIL FROM:<a@x.example>
        C: RCPT TO:<b@y.example>
        C: BDAT 5 LAST
        C: One
        """
    ).play(.whole, &conversation, #_sourceLocation)
    var request = SendRequest(from: nil, recipients: [], size: nil, use8BitMIME: nil)
    #expect(conversation.session.isAheadPossible)
    #expect(conversation.session.sendsAtOnce(request))
    request.isAllOrNone = true
    #expect(!conversation.session.sendsAtOnce(request))
  }

  /// With several copies the number of replies to the chunk is not known.
  @Test(arguments: [("b@y.example", true), ("b@y.example c@y.example", false)])
  func `with LMTP only a message to one`(_ recipients: String, isPossible: Bool) {
    let commands = recipients.split(separator: " ").map { "C: RCPT TO:<\($0)>\n" }.joined()
    let conversations = play(
      """
      S: 220 mx.example
      C: LHLO client.example
      S: 250-mx.example
      S: 250-PIPELINING
      S: 250 CHUNKING
      ! opened
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
