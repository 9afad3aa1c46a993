import Testing

@testable import SMTPConnection

/// What leaves the system's queue is activity; what a reply is owed for moves its clock.
@Suite struct ProgressTests {
  private func finding(
    _ progress: inout Progress, _ sent: Int, _ unsent: Int?, _ now: Int64 = 1
  ) -> Progress.Finding {
    progress.look(sent: sent, unsent: unsent, now: now)
  }

  @Test func nothingWasSent() {
    let progress = Progress()
    #expect(!progress.isWorthALook(sent: 0))
    #expect(progress.isWorthALook(sent: 1))
  }

  @Test func slowReader() {
    var progress = Progress()
    progress.owed = 1000
    #expect(finding(&progress, 1000, 900, 5) == .reading)
    #expect(progress.looked == 5)
    #expect(finding(&progress, 1000, 500) == .reading)
    #expect(finding(&progress, 1000, 500) == .nothing)
    #expect(finding(&progress, 1000, 0) == .reading)
    #expect(!progress.isWorthALook(sent: 1000))
    #expect(progress.isWorthALook(sent: 1001))
  }

  @Test func deadReader() {
    var progress = Progress()
    progress.owed = 1000
    #expect(finding(&progress, 1000, 1000) == .nothing)
    #expect(finding(&progress, 1000, 1000) == .nothing)
    #expect(progress.isWorthALook(sent: 1000))
  }

  /// A server that has read the question gets no more time for its answer because it goes on
  /// reading.
  @Test func readingOnIsNoAnswer() {
    var progress = Progress()
    progress.owed = 100
    #expect(finding(&progress, 1000, 900) == .reading)
    #expect(finding(&progress, 1000, 800) == .activity)
    #expect(finding(&progress, 2000, 1700) == .activity)
  }

  /// Nothing was taken while more was written.
  @Test func writingIsNoProgress() {
    var progress = Progress()
    _ = finding(&progress, 1000, 500)
    #expect(finding(&progress, 2000, 1500) == .nothing)
  }

  /// A socket of the file system counts structures that are larger than what is in them.
  @Test func overhead() {
    var progress = Progress()
    progress.owed = 1000
    #expect(finding(&progress, 1000, 9_000) == .nothing)
    #expect(finding(&progress, 1000, 4_000) == .reading)
    #expect(finding(&progress, 1000, 0) == .reading)
  }

  @Test func systemThatCannotTell() {
    var progress = Progress()
    progress.owed = 1000
    #expect(finding(&progress, 1000, nil) == .nothing)
    #expect(!progress.isWorthALook(sent: 1000))
  }
}
