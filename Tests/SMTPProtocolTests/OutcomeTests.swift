import Testing

@testable import SMTPProtocol

@Suite struct `Replies that an outcome keeps` {
  private static let page = Reply(
    code: 550, lines: (0..<500).map { bytes("5.1.\($0 % 2) " + String(repeating: "x", count: 110)) }
  )

  @Test func `a page for each recipient is kept for the first`() throws {
    let address = try Mailbox(bytes("a@b.test"), allowingPostmaster: false)
    let outcome = Outcome((0..<300).map { _ in RecipientOutcome(mailbox: address) })
    for index in outcome.recipients.indices {
      outcome.decide(index, Self.page, at: index % 2 == 0 ? .recipient : .data)
    }
    let replies = outcome.recipients.compactMap { $0.reply }
    #expect(replies.count == 300)
    #expect(replies[0] == Self.page && replies[10] == Self.page)
    let kept = replies.reduce(0) { $0 + $1.text.count }
    #expect(kept <= Outcome.longReplyLimit + 300 * Reply.shortLimit)
    let last = replies[299]
    #expect(last.code == 550 && last.enhancedStatus == bytes("5.1.1"))
    #expect(last.text.count <= Reply.shortLimit)
    #expect(last.lines == Array(Self.page.lines.prefix(4)))
    #expect(outcome.recipients.allSatisfy { $0.status == .rejected })
  }

  @Test func `accepted recipients count too`() throws {
    let address = try Mailbox(bytes("a@b.test"), allowingPostmaster: false)
    let outcome = Outcome((0..<100).map { _ in RecipientOutcome(mailbox: address) })
    let reply = Reply(code: 250, lines: Self.page.lines)
    for index in outcome.recipients.indices { outcome.accept(index, reply) }
    let kept = outcome.recipients.reduce(0) { $0 + ($1.reply?.text.count ?? 0) }
    #expect(kept <= Outcome.longReplyLimit + 100 * Reply.shortLimit)
    #expect(outcome.response == reply)
  }

  @Test func `short replies are kept however many they are`() throws {
    let address = try Mailbox(bytes("a@b.test"), allowingPostmaster: false)
    let outcome = Outcome((0..<3_000).map { _ in RecipientOutcome(mailbox: address) })
    let reply = Reply(code: 550, lines: [bytes(String(repeating: "x", count: 500))])
    for index in outcome.recipients.indices { outcome.decide(index, reply, at: .recipient) }
    #expect(outcome.recipients.allSatisfy { $0.reply == reply })
  }

  @Test func `one long line ends between two characters`() {
    let line = Reply(code: 550, lines: [bytes("y" + String(repeating: "\u{20AC}", count: 300))])
    let shortened = line.shortened
    #expect(shortened.text.count == 512 - (512 - 5) % 3)
    #expect(line.text.starts(with: shortened.text))
    let octets = Reply(code: 550, lines: [Array(repeating: 0x80, count: 600)])
    #expect(octets.shortened.text == bytes("550 "))
    let short = Reply(code: 250, lines: [bytes("ok")])
    #expect(short.shortened == short)
  }
}

@Suite struct OutcomeTests {
  private func recipient(
    _ address: String, _ reply: Reply?, _ stage: RecipientOutcome.Stage = .recipient
  ) -> RecipientOutcome {
    var recipient = RecipientOutcome(mailbox: try! Mailbox(bytes(address)))
    if let reply { recipient.decide(reply, at: stage) }
    return recipient
  }

  /// RFC 5321 section 4.5.3.1.10.
  @Test(arguments: [
    (452, "too many", true), (452, "4.5.3 too many", true), (452, "4.2.2 full", false),
    (452, "4.3.1 disk", false), (552, "5.5.3 too many", true),
    (552, "Too many recipients", true), (552, "Error: TOO MANY RECIPIENTS (100)", true),
    (552, "too many rcpts", true), (552, "mailbox full", false),
    (552, "recipients over quota", false), (552, "recipient's mailbox full", false),
    (552, "RECIPIENTS: too many messages kept", false), (552, "too many messages", false),
    (552, "no recipients", false), (552, "", false), (552, "too many", false),
    (552, "5.7.1 too many", false), (552, "5.2.2 full", false), (450, "4.5.3 too many", false),
    (451, "4.5.3 x", false),
    (550, "5.5.3 x", false), (250, "2.1.5 ok", false), (421, "4.5.3 x", false),
  ])
  func `too many recipients are distinguished from other refusals`(
    _ code: Int, _ line: String, _ isOverflow: Bool
  ) {
    #expect(recipient("a@x.example", Reply(code, line)).isOverflow == isOverflow)
    #expect(!recipient("a@x.example", Reply(code, line), .data).isOverflow)
  }

  /// RFC 5321 section 4.5.3.1.10, when it is not tried again at once.
  @Test func `one recipient too many is refused for now, with whatever code`() {
    let one = recipient("a@x.example", Reply(552, "5.5.3 too many"))
    #expect(one.status == .deferred)
    #expect(one.failure?.retry == .safe)
    #expect(recipient("a@x.example", Reply(552, "too many recipients")).status == .deferred)
    #expect(recipient("a@x.example", Reply(552, "5.2.2 full")).status == .rejected)
    #expect(recipient("a@x.example", Reply(552, "recipients over quota")).status == .rejected)
  }

  @Test func `one that was not tried is no overflow`() {
    #expect(!recipient("a@x.example", nil).isOverflow)
  }

  @Test func `what a further transaction decided counts`() {
    let first = Outcome(
      [
        recipient("a@x.example", Reply(250, "ok")), recipient("b@x.example", Reply(452, "many")),
        recipient("c@x.example", Reply(452, "many")), recipient("d@x.example", Reply(550, "no")),
      ])
    first.response = Reply(250, "first")
    first.envelopeTime = 10
    first.messageTime = 20
    first.messageSize = 30
    let second = Outcome(
      [recipient("b@x.example", Reply(251, "ok")), recipient("c@x.example", nil)])
    second.response = Reply(250, "second")
    second.envelopeTime = 1
    second.messageTime = 2
    let merged = first.merging(second, at: [1, 2])
    #expect(
      merged.recipients.map { $0.line } == [
        "- a@x.example accepted, RCPT TO 250", "- b@x.example accepted, RCPT TO 251",
        "- c@x.example deferred, RCPT TO 452", "- d@x.example rejected, RCPT TO 550",
      ])
    #expect(merged.response?.lines == [bytes("second")])
    #expect(merged.envelopeTime == 11)
    #expect(merged.messageTime == 22)
    #expect(merged.messageSize == 30)
  }

  @Test func `places that do not exist, and a transaction without a reply, change nothing`() {
    let first = Outcome(
      [recipient("a@x.example", Reply(452, "many"))])
    first.response = Reply(250, "first")
    let second = Outcome(
      [
        recipient("b@x.example", Reply(250, "ok")), recipient("c@x.example", Reply(250, "ok")),
      ])
    let merged = first.merging(second, at: [5, -1])
    #expect(merged.recipients.map { $0.line } == ["- a@x.example deferred, RCPT TO 452"])
    #expect(merged.response?.lines == [bytes("first")])
  }
}
