import Foundation
import Testing

@testable import SMTPProtocol

@Suite struct TimestampTests {
  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59Z", -1),
    ("2000-02-29T12:00:00Z", 951_825_600),
    ("2026-12-24T18:00:00Z", 1_798_135_200), ("2026-12-24T18:00:00+01:30", 1_798_129_800),
    ("2026-12-24T18:00:00-23:59", 1_798_221_540), ("0000-01-01T00:00:00Z", -62_167_219_200),
    ("0001-01-01t00:00:00z", -62_135_596_800), ("9999-12-31T23:59:60Z", 253_402_300_800),
  ])
  func `a moment in seconds`(_ given: String, _ seconds: Int64) {
    #expect(Timestamp(bytes(given))?.seconds == seconds)
    #expect(Timestamp(bytes(given))?.text == bytes(given.uppercased()))
  }

  @Test func `every day has its number`() throws {
    let format = ISO8601DateFormatter()
    var random = FixedRandom(seed: 1)
    for _ in 0..<500 {
      // From 1600 to 3000, where the calendar of Foundation is that of the RFC.
      let moment = Date(
        timeIntervalSince1970: Double(
          Int64.random(in: -11_000_000_000...32_000_000_000, using: &random)))
      let text = format.string(from: moment)
      #expect(Timestamp(bytes(text))?.seconds == Int64(moment.timeIntervalSince1970), "\(text)")
    }
  }

  @Test(arguments: [
    "2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z",
    "2026-04-31T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-01-01T24:00:00Z",
    "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "2026-01-01T00:00:00+24:00",
    "2026-01-01T00:00:00+00:60", "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00+1:00",
    "2026-01-01T00:00:00+01:0", "2026-01-01T00:00:00+01:000", "2026-01-01T00:00:00*01:00",
    "2026-01-01T00:00:00", "2026-01-01T00:00:0Z", "26-01-01T00:00:00Z", "2026/01/01T00:00:00Z",
    "+026-01-01T00:00:00Z", "2026-01-01T00:00:00.0Z", "", "Z",
  ])
  func `no moment`(_ given: String) {
    #expect(Timestamp(bytes(given)) == nil)
  }
}
