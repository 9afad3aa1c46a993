import Testing

@testable import SMTPConnection

/// What leaves the system's queue is activity; what a reply is owed for moves its clock.
@Suite struct AcknowledgementTests {
  private func finding(
    _ acknowledgement: inout Acknowledgement, _ sent: Int, _ unsent: Int?, _ now: Int64 = 1
  ) -> Acknowledgement.Finding {
    acknowledgement.look(sent: sent, unsent: unsent, now: now)
  }

  @Test func nothingWasSent() {
    let acknowledgement = Acknowledgement()
    #expect(!acknowledgement.isWorthALook(sent: 0))
    #expect(acknowledgement.isWorthALook(sent: 1))
  }

  @Test func slowReader() {
    var acknowledgement = Acknowledgement()
    acknowledgement.owed = 1000
    #expect(finding(&acknowledgement, 1000, 900, 5) == .reading)
    #expect(acknowledgement.looked == 5)
    #expect(finding(&acknowledgement, 1000, 500) == .reading)
    #expect(finding(&acknowledgement, 1000, 500) == .nothing)
    #expect(finding(&acknowledgement, 1000, 0) == .reading)
    #expect(!acknowledgement.isWorthALook(sent: 1000))
    #expect(acknowledgement.isWorthALook(sent: 1001))
  }

  @Test func deadReader() {
    var acknowledgement = Acknowledgement()
    acknowledgement.owed = 1000
    #expect(finding(&acknowledgement, 1000, 1000) == .nothing)
    #expect(finding(&acknowledgement, 1000, 1000) == .nothing)
    #expect(acknowledgement.isWorthALook(sent: 1000))
  }

  /// A server that has read the question gets no more time for its answer because it goes on
  /// reading.
  @Test func readingOnIsNoAnswer() {
    var acknowledgement = Acknowledgement()
    acknowledgement.owed = 100
    #expect(finding(&acknowledgement, 1000, 900) == .reading)
    #expect(finding(&acknowledgement, 1000, 800) == .activity)
    #expect(finding(&acknowledgement, 2000, 1700) == .activity)
  }

  /// Nothing was taken while more was written.
  @Test func writingIsNoProgress() {
    var acknowledgement = Acknowledgement()
    _ = finding(&acknowledgement, 1000, 500)
    #expect(finding(&acknowledgement, 2000, 1500) == .nothing)
  }

  /// A socket of the file system counts structures that are larger than what is in them.
  @Test func overhead() {
    var acknowledgement = Acknowledgement()
    acknowledgement.owed = 1000
    #expect(finding(&acknowledgement, 1000, 9_000) == .nothing)
    #expect(finding(&acknowledgement, 1000, 4_000) == .reading)
    #expect(finding(&acknowledgement, 1000, 0) == .reading)
  }

  @Test func systemThatCannotTell() {
    var acknowledgement = Acknowledgement()
    acknowledgement.owed = 1000
    #expect(finding(&acknowledgement, 1000, nil) == .nothing)
    #expect(!acknowledgement.isWorthALook(sent: 1000))
  }
}
