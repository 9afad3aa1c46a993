import Testing

@testable import SMTPProtocol

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
    (452, "4.3.1 disk", false), (552, "5.5.3 too many", true), (552, "too many", true),
    (552, "Too many recipients", true), (552, "number of RECIPIENTS exceeded", true),
    (552, "mailbox full", false), (552, "5.7.1 too many", false), (552, "5.2.2 full", false), (450, "4.5.3 too many", false), (451, "4.5.3 x", false),
    (550, "5.5.3 x", false), (250, "2.1.5 ok", false), (421, "4.5.3 x", false),
  ])
  func `too many recipients are told from other refusals`(
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
    #expect(recipient("a@x.example", Reply(552, "5.2.2 full")).status == .rejected)
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
