import Testing

@testable import SMTPProtocol

/// A server with PIPELINING; the dialogues are in Tests/transcripts/pipelining.txt.
@Suite struct SessionPipeliningTests {
  @Test func `many recipients are one group`() {
    let names = (0..<1000).map { "r\($0)@y.example" }
    let commands = names.map { "C: RCPT TO:<\($0)>\n" }.joined()
    let replies = names.indices.map { "S: \($0 % 3 == 0 ? "550 no" : "250 ok")\n" }.joined()
    let results = names.enumerated().map { index, name in
      "! - \(name) \(index % 3 == 0 ? "rejected, RCPT TO 550" : "accepted, RCPT TO 250")\n"
    }
    play(
      opening("PIPELINING") + "> send <> \(names.joined(separator: " "))\nC: MAIL FROM:<>\n"
        + commands
        + "C: DATA\nS: 250 ok\n" + replies + "S: 354 go\n! content wanted\n"
        + "> content x\nC: x\nC: .\nS: 250 queued\n! send ok\n" + results.joined())
  }
}
