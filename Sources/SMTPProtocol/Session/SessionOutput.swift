/// What a session wants to be written: octets in the order in which they must leave,
/// and where among them the commands end that wait for a reply.
///
/// Positions count from the beginning of the dialogue, so that it does not matter
/// how much of it is in memory.
package struct SessionOutput {
  /// The first `taken` of them have left.
  package private(set) var bytes: [UInt8] = []
  package private(set) var taken = 0
  /// Octets that were in `bytes` before.
  private var removed = 0
  private var ends: [Int] = []
  private var firstEnd = 0
  /// Something in `bytes` must not stay in memory.
  private(set) var isSecret = false

  /// How much is to be written now.
  package var count: Int { bytes.count - taken }
  package var isEmpty: Bool { count == 0 }
  /// How much has left, and how much was ever put in.
  var left: Int { removed + taken }
  var end: Int { removed + bytes.count }

  mutating func append(_ octets: [UInt8], isSecret: Bool = false) {
    bytes.append(contentsOf: octets)
    if isSecret { self.isSecret = true }
  }

  mutating func endLine() {
    bytes.append(0x0D)
    bytes.append(0x0A)
  }

  mutating func reserve(_ count: Int) { bytes.reserveCapacity(bytes.count + count) }

  /// A reply is to come for what was put in last.
  mutating func expectReply() { ends.append(end) }

  /// Whether the next reply would come before the command that it should answer
  /// has left.
  var isNextReplyEarly: Bool { firstEnd < ends.count && ends[firstEnd] > left }

  /// A reply has come.
  mutating func replied() {
    guard firstEnd < ends.count else { return }
    firstEnd += 1
    if firstEnd == ends.count {
      ends.removeAll(keepingCapacity: true)
      firstEnd = 0
    }
  }

  /// For those who put content in: all of it, when nothing of it has left.
  package mutating func takeBytes() -> [UInt8] {
    var taken: [UInt8] = []
    swap(&taken, &bytes)
    return taken
  }

  package mutating func putBack(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The next `count` octets have left. true when that was all.
  mutating func take(_ count: Int) -> Bool {
    taken += count
    return taken >= bytes.count
  }

  /// Nothing of what is in memory is to be written any more. Secrets do not stay
  /// behind.
  mutating func removeAll(_ cryptography: any Cryptography) {
    removed += bytes.count
    taken = 0
    if isSecret { cryptography.cleanse(&bytes) }
    isSecret = false
    bytes.removeAll(keepingCapacity: true)
  }
}
