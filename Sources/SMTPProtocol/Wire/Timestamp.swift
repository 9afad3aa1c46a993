/// A moment as in `2026-12-24T18:00:00Z` or `...+01:00`: date-time of RFC 3339 section 5.6,
/// without a fraction of a second, for which the RFCs of the parameters have no room.
struct Timestamp {
  /// In capitals.
  let text: [UInt8]
  /// Since 1970, as the system counts them: without leap seconds.
  let seconds: Int64

  var isUTC: Bool { text.last == UInt8(ascii: "Z") }

  /// nil for anything else, and for a day or an hour that there is not.
  init?(_ given: [UInt8]) {
    text = Bytes.uppercased(given)
    let length = Self.form.count
    let zone = text.dropFirst(length)
    guard text.count >= length,
      zip(text, Self.form).allSatisfy({ $1 == .digitZero ? Bytes.isDigit($0) : $0 == $1 }),
      let offset = Self.offset(Array(zone))
    else { return nil }
    let year = Self.number(text[0..<4])
    let month = Self.number(text[5..<7])
    let day = Self.number(text[8..<10])
    let (hour, minute, second) = (
      Self.number(text[11..<13]), Self.number(text[14..<16]), Self.number(text[17..<19])
    )
    guard (1...12).contains(month), (1...Self.days(year, month)).contains(day), hour < 24,
      minute < 60, second <= 60
    else { return nil }
    seconds =
      Self.daysSince1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
  }

  private static let form = Bytes.of("0000-00-00T00:00:00")

  /// Of two or four digits.
  private static func number(_ digits: ArraySlice<UInt8>) -> Int64 {
    digits.reduce(0) { $0 * 10 + Int64($1 - .digitZero) }
  }

  /// In seconds, of "Z" or "+01:00".
  private static func offset(_ zone: [UInt8]) -> Int64? {
    if zone == Bytes.of("Z") { return 0 }
    guard zone.count == 6, zone[0] == .plus || zone[0] == .hyphen, zone[3] == .colon,
      Bytes.isDigit(zone[1]), Bytes.isDigit(zone[2]), Bytes.isDigit(zone[4]),
      Bytes.isDigit(zone[5])
    else { return nil }
    let (hours, minutes) = (number(zone[1..<3]), number(zone[4..<6]))
    guard hours < 24, minutes < 60 else { return nil }
    return (hours * 3600 + minutes * 60) * (zone[0] == .plus ? 1 : -1)
  }

  private static func isLeap(_ year: Int64) -> Bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  }

  private static func days(_ year: Int64, _ month: Int64) -> Int64 {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    // Of all years from 0 on, with a day for each leap year among them.
    let before = max(0, year - 1)
    var days = year * 365 + before / 4 - before / 100 + before / 400 + (year > 0 ? 1 : 0)
    for earlier in 1..<month { days += Self.days(year, earlier) }
    return days + day - 1 - 719_528
  }
}
