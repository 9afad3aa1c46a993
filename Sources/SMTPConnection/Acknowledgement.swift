/// How much of what was written the peer has acknowledged.
///
/// A write ends when the system has the octets, which may be megabytes and minutes before a
/// slow peer has them. Time limits depend on the peer: octets that leave the system's queue
/// are activity, and the time for a reply starts when everything that it answers was
/// acknowledged.
///
/// The system is asked only when nothing has happened for a part of a limit, so that messages
/// normally cost no additional system call.
struct Acknowledgement {
  /// How often the system is asked within a time limit. A limit is exact to this part of it.
  static let looksPerLimit: UInt32 = 16

  /// What was written, up to the end of what the next reply answers.
  var owed = 0
  /// When the system was asked last.
  private(set) var looked: Int64 = 0
  /// Octets that the peer had taken then.
  private var taken = 0
  /// The peer has taken all of the first so many, or nobody can tell.
  private var settled = 0

  /// Whether the peer may have taken something since the last look.
  func isWorthALook(sent: Int) -> Bool { sent > settled }

  enum Finding {
    case nothing
    /// The peer took something.
    case activity
    /// And that was a part of what it owes a reply to.
    case reading
  }

  mutating func look(sent: Int, unsent: Int?, now: Int64) -> Finding {
    looked = now
    guard let unsent else {
      settled = sent
      return .nothing
    }
    if unsent == 0 { settled = sent }
    let before = taken
    taken = sent &- unsent
    guard taken > before else { return .nothing }
    return before < owed ? .reading : .activity
  }
}
