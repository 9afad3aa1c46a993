/// What a session wants to be written: octets in the order in which they must leave,
/// and where among them the commands end that wait for a reply.
///
/// The one place where octets become a command: whatever was appended since the
/// last one has passed the check in `endCommand`, so nothing that a caller gave can
/// end a command or start another one.
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

  /// Where the command that is put together begins, and the secret inside it.
  private var commandStart = 0
  private var secretStart: Int?
  /// Something in `bytes` must not stay in memory.
  private var holdsSecret = false
  /// A command held a control character and was taken back.
  private(set) var hasRefused = false

  /// What was said, when it is to be written down; secrets are masked.
  private let traces: Bool
  var log: [Session.LogEntry] = []

  private static let lineEnd: [UInt8] = [0x0D, 0x0A]

  init(traces: Bool) {
    self.traces = traces
  }

  /// How much is to be written now.
  package var count: Int { bytes.count - taken }
  package var isEmpty: Bool { bytes.count == taken }
  /// How much has left, and how much was ever put in.
  var left: Int { removed + taken }
  var end: Int { removed + bytes.count }

  // MARK: Commands

  mutating func append(_ octets: [UInt8]) { bytes.append(contentsOf: octets) }

  /// One allocation: a buffer that grows leaves its past behind.
  mutating func append(_ secret: Secret) {
    bytes.reserveCapacity(bytes.count + secret.bytes.count + 2)
    secretStart = bytes.count
    holdsSecret = true
    bytes.append(contentsOf: secret.bytes)
  }

  mutating func append(decimal number: UInt64) { bytes.append(contentsOf: Bytes.decimal(number)) }

  /// `octets` belong to the command: the reply comes behind them.
  mutating func endCommand(with octets: [UInt8] = []) {
    let start = commandStart
    defer {
      commandStart = bytes.count
      secretStart = nil
    }
    guard isCommand(from: start) else {
      hasRefused = true
      bytes.removeLast(bytes.count - start)
      return
    }
    if traces {
      let shown = bytes[start..<(secretStart ?? bytes.count)]
      let text = secretStart == nil ? Array(shown) : shown + Command.mask
      log.append(Session.LogEntry(direction: .client, text: text))
    }
    bytes.append(contentsOf: Self.lineEnd)
    if !octets.isEmpty { bytes.append(contentsOf: octets) }
    expectReply()
  }

  private func isCommand(from start: Int) -> Bool {
    let octets = bytes.span
    var index = start
    while index < octets.count {
      if Bytes.isControl(octets[index]) { return false }
      index &+= 1
    }
    return true
  }

  mutating func command(_ line: [UInt8]) {
    append(line)
    endCommand()
  }

  // MARK: Content

  /// For those who put content in: all of it, when nothing of it has left.
  package mutating func takeBytes() -> [UInt8] {
    var taken: [UInt8] = []
    swap(&taken, &bytes)
    return taken
  }

  package mutating func putBack(_ taken: inout [UInt8]) {
    swap(&taken, &bytes)
    commandStart = bytes.count
  }

  mutating func endContent() {
    commandStart = bytes.count
    expectReply()
  }

  // MARK: Replies

  /// A reply is to come for what was put in last.
  private mutating func expectReply() { ends.append(end) }

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

  // MARK: Leaving

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
    commandStart = 0
    if holdsSecret { cryptography.cleanse(&bytes) }
    holdsSecret = false
    bytes.removeAll(keepingCapacity: true)
  }
}
