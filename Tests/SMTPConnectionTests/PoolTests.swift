import SMTPProtocol
import SMTPTransport
import Testing

@testable import SMTPConnection

/// What a pool decides by, without a connection and without a clock.
@Suite struct PoolTests {
  // MARK: A rate

  @Test func `so many begin in any period and no more`() {
    var rate = PoolRate(most: 3, period: 100)
    var begun: [Int64] = []
    for now: Int64 in 0..<500 {
      while rate.moment(of: 1) <= now {
        rate.take(1, now: now)
        begun.append(now)
      }
    }
    for (index, moment) in begun.enumerated() where index >= 3 {
      #expect(moment - begun[index - 3] > 100, "whole milliseconds have passed")
    }
    #expect(begun == [0, 0, 0, 101, 101, 101, 202, 202, 202, 303, 303, 303, 404, 404, 404])
  }

  @Test func `recipients count together`() {
    var rate = PoolRate(most: 5, period: 100)
    rate.take(3, now: 10)
    #expect(rate.moment(of: 2) <= 10)
    #expect(rate.moment(of: 3) == 111)
    rate.take(2, now: 20)
    #expect(rate.moment(of: 3) == 111)
    #expect(rate.moment(of: 4) == 121)
  }

  @Test func `more than a period may have begin in one of their own`() {
    var rate = PoolRate(most: 2, period: 100)
    #expect(rate.moment(of: 9) <= 0)
    rate.take(9, now: 5)
    #expect(rate.moment(of: 1) == 106)
  }

  @Test func `without a rate there is no moment`() {
    var rate = PoolRate(most: 0, period: 0)
    rate.take(1, now: 5)
    #expect(rate.moment(of: 1) == .min)
  }

  // MARK: Back-off

  @Test(arguments: [
    (step: 0, random: UInt16.min, wait: Int64(1_000)), (0, .max, 500), (1, .min, 2_000),
    (5, .min, 32_000), (6, .min, 60_000), (1_000_000, .min, 60_000), (6, .max, 30_000),
  ])
  func `it doubles up to a limit, half of it by chance`(
    _ each: (step: Int, random: UInt16, wait: Int64)
  ) {
    #expect(PoolBackoff.wait(1_000, each.step, most: 60_000, random: each.random) == each.wait)
  }

  @Test func `a first wait of nothing stays nothing`() {
    #expect(PoolBackoff.wait(0, 40, most: 60_000, random: 7) == 0)
  }

  @Test func `connections that began together fail once`() {
    var backoff = PoolBackoff()
    let settings = PoolSettings()
    #expect(backoff.isNews(1))
    backoff.failed(settings, opened: 3, counts: true, now: 100, random: 0)
    #expect(backoff.failures == 1)
    #expect(backoff.notBefore == 1_100)
    #expect(!backoff.isNews(2))
    #expect(!backoff.isNews(3))
    #expect(backoff.isNews(4))
    backoff.failed(settings, opened: 4, counts: false, now: 200, random: 0)
    #expect(backoff.failures == 1, "refused because there are others")
    #expect(backoff.notBefore == 2_200)
    backoff.succeeded()
    backoff.failed(settings, opened: 5, counts: true, now: 300, random: 0)
    #expect(backoff.failures == 1)
    #expect(backoff.notBefore == 1_300)
  }

  // MARK: The queue

  private func message(_ tag: UInt) throws -> PoolMessage {
    let mailbox = try Mailbox(
      Array("a@example.com".utf8), allowingPostmaster: true, domains: SystemDomains.shared)
    let content: [UInt8] = Array("x".utf8)
    let copy = BytesSource.copy(content.span)
    let source = try #require(copy)
    let request = SendRequest(from: nil, recipients: [mailbox], size: nil, use8BitMIME: nil)
    return PoolMessage(request, source, tag: tag) { _ in }
  }

  private func drained(_ queue: PoolQueue) -> [UInt] {
    var tags: [UInt] = []
    while let message = queue.popAny() { tags.append(message.tag) }
    return tags
  }

  @Test func `what was put back goes first, in its order`() throws {
    let queue = PoolQueue()
    for tag: UInt in 1...5 { queue.append(try message(tag)) }
    let first = try #require(queue.popFirst())
    let second = try #require(queue.popFirst())
    queue.appendAgain(try message(9))
    queue.putBack([first, second])
    #expect(queue.count == 6)
    #expect(drained(queue) == [1, 2, 9, 3, 4, 5])
    #expect(queue.count == 0)
    #expect(queue.first == nil)
  }

  @Test(arguments: [UInt(1), 2, 3])
  func `one can be taken out of the middle`(_ tag: UInt) throws {
    let queue = PoolQueue()
    for tag: UInt in 1...3 { queue.append(try message(tag)) }
    #expect(queue.remove(tag)?.tag == tag)
    #expect(queue.remove(tag) == nil)
    queue.append(try message(4))
    #expect(drained(queue) == [1, 2, 3, 4].filter { $0 != tag })
  }

  @Test func `those that are delayed count, and are taken out in any order`() throws {
    let queue = PoolQueue()
    let messages = try (1...4).map { try message($0) }
    for message in messages { queue.delay(message) }
    #expect(queue.count == 4)
    #expect(queue.readyCount == 0)
    #expect(queue.first == nil)
    queue.undelay(messages[0])
    queue.undelay(messages[3])
    #expect(queue.remove(2)?.tag == 2)
    #expect(drained(queue) == [3])
  }

  // MARK: A message

  private func refused(_ retry: Retry, _ code: ErrorCode = .envelope) -> Failure {
    Failure(code, "no", phase: .envelope, retry: retry)
  }

  private func outcome(_ message: PoolMessage, _ failure: Failure?) -> Outcome {
    .untried(message.nextRequest(now: 0).mailboxes, failure)
  }

  @Test func `what a connection did not decide is no try`() throws {
    let message = try message(1)
    let lost = refused(.safe, .connection)
    for _ in 1...9 {
      #expect(message.take(outcome(message, lost), isFirst: true) == .untried)
    }
    #expect(message.tries == 0)
    #expect(message.take(outcome(message, lost), isFirst: false) == .untried)
    #expect(message.take(outcome(message, lost), isFirst: true) == .over)
  }

  @Test func `a refusal for now is a try, and one for good the last`() throws {
    let message = try message(1)
    #expect(message.take(outcome(message, refused(.safe)), isFirst: false) == .again)
    #expect(message.tries == 1)
    #expect(message.take(outcome(message, refused(.no)), isFirst: false) == .over)
    #expect(message.tries == 2)
  }

  @Test func `what would fail in the same way ends it`() throws {
    let message = try message(1)
    #expect(message.take(outcome(message, refused(.no, .connection)), isFirst: true) == .over)
    #expect(message.outcome(nil).failure?.retry == .no)
  }

  @Test func `the result has how often and why`() throws {
    let message = try message(1)
    _ = message.take(outcome(message, refused(.safe)), isFirst: false)
    #expect(message.outcome(nil).retryError == nil, "it was not sent again")
    message.sendAgain()
    _ = message.take(outcome(message, refused(.no)), isFirst: false)
    let result = message.outcome(nil)
    #expect(result.tries == 2)
    #expect(result.retryError?.retry == .safe)
    #expect(result.failure?.retry == .no)
  }

  @Test func `the time counts from the first try`() throws {
    let message = try message(1)
    let settings = PoolSettings()
    #expect(message.isInTime(1_000_000, settings))
    _ = message.nextRequest(now: 1_000)
    #expect(message.isInTime(61_000, settings))
    #expect(!message.isInTime(61_001, settings))
  }

  // MARK: Numbers

  @Test func `each end is counted once`() {
    var counts = PoolCounts()
    counts.ended(nil, now: 500)
    counts.ended(refused(.no), now: 500)
    counts.ended(refused(.safe, .message), now: 500)
    counts.ended(refused(.unknown, .connection), now: 500)
    counts.ended(refused(.safe, .connection), now: 500)
    counts.ended(refused(.no, .auth), now: 500)
    #expect(counts[.sent] == 1)
    #expect(counts[.refused] == 1)
    #expect(counts[.deferred] == 1)
    #expect(counts[.inDoubt] == 1)
    #expect(counts[.failed] == 2)
  }

  @Test func `the last whole second`() {
    var counts = PoolCounts()
    for now: Int64 in [100, 900, 1_000, 1_999] { counts.ended(nil, now: now) }
    #expect(counts.perSecond(now: 1_999) == 2)
    counts.ended(nil, now: 2_000)
    #expect(counts.perSecond(now: 2_500) == 2)
    #expect(counts.perSecond(now: 3_000) == 1)
    #expect(counts.perSecond(now: 4_000) == 0)
    #expect(counts.perSecond(now: 9_000) == 0)
  }
}
