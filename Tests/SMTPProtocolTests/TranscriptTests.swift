import Testing

/// The scenarios in Tests/transcripts, played by the core alone.
@Suite struct TranscriptTests {
  @Test(arguments: try Scenario.all())
  func `what the transcript says is what happens`(_ scenario: Scenario) throws {
    if !scenario.isForTheLibraryOnly { try scenario.play() }
  }
}
