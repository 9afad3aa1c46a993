import Testing

@testable import SMTPProtocol

/// BDAT instead of DATA (RFC 3030), after a recipient was accepted.
@Suite struct ChunkingTests {
  private static let start = opening("PIPELINING", "CHUNKING")
  private static let envelope = """
    > send a@x.example b@y.example c@y.example
    C: MAIL FROM:<a@x.example>
    C: RCPT TO:<b@y.example>
    C: RCPT TO:<c@y.example>

    """
  private static let answered = """
    S: 250 ok
    S: 250 ok
    S: 550 no
    ! content wanted

    """
  private static let delivered = """
    ! send ok
    ! - b@y.example accepted, RCPT TO 250
    ! - c@y.example rejected, RCPT TO 550

    """

  @Test func `one chunk`() {
    play(
      Self.start + Self.envelope + Self.answered + """
        > last Hello
        C: BDAT 7 LAST
        C: Hello
        S: 250 queued

        """ + Self.delivered, chunking: .on)
  }

  @Test func `several chunks, without waiting for their replies`() {
    play(
      Self.start + Self.envelope + Self.answered + """
        > chunk Hello
        C: BDAT 7
        C: Hello
        > chunk dear
        C: BDAT 6
        C: dear
        > last
        C: BDAT 0 LAST
        S: 250 7 octets
        S: 250 6 octets
        S: 250 queued

        """ + Self.delivered, chunking: .on)
  }

  @Test func `one at a time without PIPELINING`() {
    play(
      opening("CHUNKING") + """
        > send a@x.example b@y.example
        C: MAIL FROM:<a@x.example>
        S: 250 ok
        C: RCPT TO:<b@y.example>
        S: 250 ok
        ! content wanted
        > last Hello
        C: BDAT 7 LAST
        C: Hello
        S: 250 queued
        ! send ok
        ! - b@y.example accepted, RCPT TO 250
        """, chunking: .on)
  }

  @Test func `no recipient is accepted`() {
    play(
      Self.start + Self.envelope + """
        S: 250 ok
        S: 550 no
        S: 550 no
        ! send failed: envelope, RCPT TO, envelope phase, retry no, 550
        ! - b@y.example rejected, RCPT TO 550
        ! - c@y.example rejected, RCPT TO 550
        """, chunking: .on)
  }

  @Test func `without the extension it is DATA`() {
    play(
      opening("PIPELINING") + """
        > send a@x.example b@y.example
        C: MAIL FROM:<a@x.example>
        C: RCPT TO:<b@y.example>
        C: DATA
        """, chunking: .optimistic)
  }

  /// RFC 3030 section 2: after a refused chunk only RSET helps.
  @Test func `a chunk that is refused is followed by RSET`() {
    play(
      Self.start + Self.envelope + Self.answered + """
        > chunk Hello
        C: BDAT 7
        C: Hello
        S: 452 full
        ! send failed: message, BDAT, message phase, retry safe, 452
        ! - b@y.example deferred, DATA 452
        ! - c@y.example rejected, RCPT TO 550
        > last Bye
        > send a@x.example b@y.example
        C: RSET
        C: MAIL FROM:<a@x.example>
        C: RCPT TO:<b@y.example>
        """, chunking: .on)
  }

  @Test func `the replies to the chunks after it are read`() {
    play(
      Self.start + Self.envelope + Self.answered + """
        > chunk Hello
        C: BDAT 7
        C: Hello
        > chunk dear
        C: BDAT 6
        C: dear
        > last Bob
        C: BDAT 5 LAST
        C: Bob
        S: 552 full
        S: 503 no
        > wait 1
        S: 503 no
        ! send failed: message, BDAT, message phase, retry no, 552
        ! - b@y.example rejected, DATA 552
        ! - c@y.example rejected, RCPT TO 550
        """, chunking: .on)
  }

  @Test func `a connection that is lost before the last chunk leaves no doubt`() {
    play(
      Self.start + Self.envelope + Self.answered + """
        > chunk Hello
        C: BDAT 7
        C: Hello
        > close
        ! send failed: connection, BDAT, message phase, retry safe
        ! - b@y.example notTried, RCPT TO 250
        ! - c@y.example rejected, RCPT TO 550
        ! connection failed: connection, BDAT, message phase, retry safe
        """, chunking: .on)
  }

  @Test func `a connection that is lost after the last chunk leaves the message in doubt`() {
    play(
      Self.start + Self.envelope + Self.answered + """
        > last Hello
        C: BDAT 7 LAST
        C: Hello
        > close
        ! send failed: connection, BDAT, message phase, retry unknown
        ! - b@y.example unknown, RCPT TO 250
        ! - c@y.example rejected, RCPT TO 550
        ! connection failed: connection, BDAT, message phase, retry unknown
        """, chunking: .on)
  }

  @Test func `an envelope after a last chunk begins with RSET`() {
    play(
      Self.start + Self.envelope + Self.answered + """
        > last Hello
        C: BDAT 7 LAST
        C: Hello
        > send a@x.example b@y.example
        C: RSET
        C: MAIL FROM:<a@x.example>
        C: RCPT TO:<b@y.example>
        S: 250 queued

        """ + Self.delivered + """
          S: 250 ok
          S: 250 ok
          S: 250 ok
          ! content wanted
          """, chunking: .on)
  }

  @Test func `with LMTP a reply for each recipient follows the last chunk`() {
    play(
      """
      S: 220 mx.example LMTP
      C: LHLO client.example
      S: 250-mx.example
      S: 250-PIPELINING
      S: 250 CHUNKING
      ! opened
      > send a@x.example b@y.example c@y.example
      C: MAIL FROM:<a@x.example>
      C: RCPT TO:<b@y.example>
      C: RCPT TO:<c@y.example>
      S: 250 ok
      S: 250 ok
      S: 250 ok
      ! content wanted
      > chunk Hello
      C: BDAT 7
      C: Hello
      > last Bob
      C: BDAT 5 LAST
      C: Bob
      S: 250 7 octets
      S: 250 delivered
      S: 452 full
      ! send ok
      ! - b@y.example accepted, DATA 250
      ! - c@y.example deferred, DATA 452
      """, isLMTP: true, chunking: .on)
  }
}
