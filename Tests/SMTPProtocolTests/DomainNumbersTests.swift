import Testing

@testable import SMTPProtocol

@Suite struct `Numbers of domains` {
  private func numbers(_ addresses: [String]) throws -> DomainNumbers {
    try DomainNumbers(
      addresses.map { SendRequest.Recipient(try Mailbox(bytes($0), allowingPostmaster: true)) })
  }

  @Test func `equal domains have equal numbers, in whatever case`() throws {
    let domains = try numbers([
      "a@b.test", "c@a.test", "postmaster", "d@B.TEST", "e@b.tes", "f@A.test",
    ])
    #expect(domains.count == 4)
    let numbers = domains.numbers
    #expect(numbers[0] == numbers[3] && numbers[1] == numbers[5])
    #expect(Set([numbers[0], numbers[1], numbers[2], numbers[4]]) == [0, 1, 2, 3])
  }

  @Test func `without recipients there is no domain`() throws {
    let domains = try numbers([])
    #expect(domains.count == 0 && domains.numbers.isEmpty)
  }

  /// Each compared with all others, these take minutes.
  @Test func `many domains`() throws {
    let domains = try numbers((0..<20_000).map { "a@\($0 / 2).example" })
    #expect(domains.count == 10_000)
    #expect((0..<10_000).allSatisfy { domains.numbers[2 * $0] == domains.numbers[2 * $0 + 1] })
  }
}
