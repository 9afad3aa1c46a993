import Testing

@testable import SMTPProtocol

/// The next envelope follows the end of the message before it (RFC 2920 section
/// 3.1): one wait for each message.
@Suite struct SessionAheadTests {
  /// One message has ended, and the envelope of the next is out.
  private static let start =
    opening("PIPELINING") + """
      > send a@x.example b@y.example
      C: MAIL FROM:<a@x.example>
      C: RCPT TO:<b@y.example>
      C: DATA
      S: 250 ok
      S: 250 ok
      S: 354 go
      ! content wanted
      > content Hello
      C: Hello
      C: .
      > send c@x.example d@y.example
      C: RSET
      C: MAIL FROM:<c@x.example>
      C: RCPT TO:<d@y.example>
      C: DATA

      """

  private static let first = """
    ! send ok
    ! - b@y.example accepted, RCPT TO 250

    """

  @Test func `each message waits once`() {
    play(
      Self.start + "S: 250 queued\n" + Self.first + """
        S: 250 reset
        S: 250 ok
        S: 250 ok
        S: 354 go
        ! content wanted
        > content Bye
        C: Bye
        C: .
        S: 250 queued
        ! send ok
        ! - d@y.example accepted, RCPT TO 250
        > quit
        C: QUIT
        """)
  }

  @Test func `a message that is refused is no concern of the next`() {
    play(
      Self.start + """
        S: 554 no
        ! send failed: message, DATA, message phase, retry no, 554
        ! - b@y.example rejected, DATA 554
        S: 250 reset
        S: 250 ok
        S: 250 ok
        S: 354 go
        ! content wanted
        > content Bye
        C: Bye
        C: .
        S: 250 queued
        ! send ok
        ! - d@y.example accepted, RCPT TO 250
        > send a@x.example b@y.example
        C: MAIL FROM:<a@x.example>
        C: RCPT TO:<b@y.example>
        C: DATA
        """)
  }

  /// A server that forgot to clear must not get the content under the old sender.
  @Test func `a server that still has the old sender gets no content`() {
    play(
      Self.start + """
        S: 554 no
        ! send failed: message, DATA, message phase, retry no, 554
        ! - b@y.example rejected, DATA 554
        S: 250 reset
        S: 503 nested MAIL
        S: 250 ok
        S: 354 go
        ! send failed: envelope, MAIL FROM, envelope phase, retry no, 503
        ! - d@y.example notTried
        ! connection failed: envelope, MAIL FROM, envelope phase, retry no, 503
        """)
  }

  @Test func `a server that does not reset gets no content`() {
    play(
      Self.start + "S: 250 queued\n" + Self.first + """
        S: 502 no RSET here
        ! send failed: protocolViolation, RSET, envelope phase, retry safe, 502
        ! - d@y.example notTried
        ! connection failed: protocolViolation, RSET, envelope phase, retry safe, 502
        """)
  }

  @Test func `after a refused envelope there is a RSET`() {
    play(
      Self.start + "S: 250 queued\n" + Self.first + """
        S: 250 reset
        S: 250 ok
        S: 550 no
        S: 554 nobody
        ! send failed: envelope, RCPT TO, envelope phase, retry no, 550
        ! - d@y.example rejected, RCPT TO 550
        > send a@x.example b@y.example
        C: RSET
        C: MAIL FROM:<a@x.example>
        C: RCPT TO:<b@y.example>
        C: DATA
        """)
  }

  @Test func `a connection that is lost puts the one in doubt and not the other`() {
    play(
      Self.start + """
        > close
        ! send failed: connection, DATA, message phase, retry unknown
        ! - b@y.example unknown, RCPT TO 250
        ! send failed: connection, DATA, message phase, retry safe
        ! - d@y.example notTried
        ! connection failed: connection, DATA, message phase, retry unknown
        """)
  }

  @Test func `421 is the verdict on the one and the end of the other`() {
    play(
      Self.start + """
        S: 421 later
        ! send failed: message, DATA, message phase, retry safe, 421
        ! - b@y.example deferred, DATA 421
        ! send failed: connection, DATA, message phase, retry safe, 421
        ! - d@y.example notTried
        ! connection failed: connection, DATA, message phase, retry safe, 421
        """)
  }

  @Test func `421 after the final reply ends the other`() {
    play(
      Self.start + "S: 250 queued\n" + Self.first + """
        S: 421 later
        ! send failed: connection, RSET, envelope phase, retry safe, 421
        ! - d@y.example notTried
        ! connection failed: connection, RSET, envelope phase, retry safe, 421
        """)
  }

  // MARK: When it is not done

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
}
