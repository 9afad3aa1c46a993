import SMTPProtocol

/// How much of each content has left, for a caller who wants to know: when there is more after
/// a turn, and once when all of it has left.
///
/// What was copied into the output has not left yet, and may have grown there; so the numbers
/// between are never too large.
final class Progress {
  /// The end of a content in the output.
  private struct End {
    let position: Int
    let mailing: Mailing
    let octets: UInt64
  }
  private let events: Events
  private var ends: [End] = []
  /// Of the content under way.
  private var reported: UInt64 = 0

  init(_ events: Events) { self.events = events }

  func begin() { reported = 0 }

  /// So many octets were taken from the source, of which no more than `waiting` have not left.
  func moved(_ taken: Int, waiting: Int, of mailing: Mailing) {
    let left = UInt64(clamping: taken &- waiting)
    guard events.onProgress != nil, left > reported else { return }
    reported = left
    events.progressed(left, max(left, mailing.octets ?? .max), mailing.tag)
  }

  /// All of it is in the output, which ends there.
  func ended(_ octets: UInt64, at position: Int, of mailing: Mailing) {
    guard events.onProgress != nil else { return }
    ends.append(End(position: position, mailing: mailing, octets: octets))
  }

  /// The output has left up to this position.
  func left(_ position: Int) {
    while let end = ends.first, end.position <= position {
      ends.removeFirst()
      events.progressed(end.octets, end.octets, end.mailing.tag)
    }
  }

  /// It has ended: there is no word of it after its callback. nil: all have.
  func forget(_ mailing: AnyObject?) {
    if !ends.isEmpty { ends.removeAll { mailing == nil || $0.mailing === mailing } }
  }
}
