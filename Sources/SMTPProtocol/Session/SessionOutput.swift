/// The output of a session: octets in the order in which they must leave, and the
/// positions at which the commands end that have a reply to come.
///
/// The one place where octets become a command: whatever was appended since the
/// last one has passed the check in `endCommand`, so nothing that a caller gave can
/// end a command or start another one.
///
/// Positions count from the beginning of the dialogue, so that it does not matter
/// how much of it is in memory.
package struct SessionOutput {
  /// The first `taken` of them have left.
  package private(set) var bytes = OctetBuffer()
  private(set) var taken = 0
  /// Octets that have left and are not in `bytes` any more, or never were.
  private var removed = 0
  private var ends = Queue<Int>()

  /// Where the command that is put together begins, and the secret inside it.
  private var commandStart = 0
  private var secretStart: Int?
  /// Something in `bytes` must not stay in memory.
  private var holdsSecret = false
  /// A command contained a control character and was removed.
  private(set) var hasRefused = false

  let log: DialogueLog?

  /// What an idle connection may keep for its next commands.
  private static let keptCapacity = 2048

  init(_ log: DialogueLog?) { self.log = log }

  var isLogged: Bool { log?.isOn ?? false }

  /// What is to be written now, and how much that is.
  package func withSpan<Value>(_ body: (Span<UInt8>) -> Value) -> Value {
    bytes.withSpan { body($0.extracting(droppingFirst: taken)) }
  }
  package var count: Int { bytes.count &- taken }
  package var isEmpty: Bool { bytes.count == taken }
  /// How much has left, and how much was ever put in.
  package var left: Int { removed &+ taken }
  package var end: Int { removed &+ bytes.count }

  // MARK: Commands

  mutating func append(_ octets: [UInt8]) { bytes.append(octets) }

  /// One allocation: a buffer that grows leaves its past behind.
  mutating func append(_ secret: Secret) {
    bytes.reserve(secret.bytes.count + 2)
    secretStart = bytes.count
    holdsSecret = true
    bytes.append(secret.bytes)
  }

  mutating func append(decimal number: UInt64) {
    // As many as the largest number has.
    bytes.append(most: 20) { room, start in
      var end = start
      var rest = number
      repeat {
        end &+= 1
        rest /= 10
      } while rest > 0
      rest = number
      var place = end
      while place > start {
        place &-= 1
        room[place] = .digitZero &+ UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
      }
      return end
    }
  }

  /// The reply comes when the command and so many octets of content after it have left.
  @_optimize(speed)
  mutating func endCommand(before content: Int = 0) {
    let start = commandStart
    if bytes.withSpan({ OctetScan.hasControl($0, from: start) }) {
      hasRefused = true
      bytes.removeLast(bytes.count - start)
      secretStart = nil
      return
    }
    if isLogged { trace(from: start) }
    bytes.appendLineEnd()
    commandStart = bytes.count
    secretStart = nil
    ends.append(end &+ content)
  }

  private mutating func trace(from start: Int) {
    let shown = bytes[start..<(secretStart ?? bytes.count)]
    let text = secretStart == nil ? shown : shown + Command.mask
    log?.add(.client, text)
  }

  @_optimize(speed)
  mutating func command(_ line: [UInt8]) {
    append(line)
    endCommand()
  }

  /// What a command consists of, in one go.
  @_optimize(speed)
  mutating func append(_ first: [UInt8], _ second: [UInt8], _ third: [UInt8]) {
    bytes.append(most: first.count &+ second.count &+ third.count) { room, start in
      OctetScan.copy(first.span, to: &room, at: start)
      let middle = start &+ first.count
      OctetScan.copy(second.span, to: &room, at: middle)
      let end = middle &+ second.count
      OctetScan.copy(third.span, to: &room, at: end)
      return end &+ third.count
    }
  }

  // MARK: Content

  /// Lets `body` append content; returns where in `bytes` it begins.
  @discardableResult
  mutating func appendContent(_ body: (inout OctetBuffer) -> Void) -> Int {
    if taken > 0 {
      // Content may be long: octets that have left must not stay in memory.
      bytes.removeFirst(taken)
      removed &+= taken
      taken = 0
    }
    let start = bytes.count
    body(&bytes)
    commandStart = bytes.count
    return start
  }

  /// So many octets of content have left without having been here, when nothing here was
  /// to leave before them.
  mutating func passed(_ count: Int) { removed &+= count }

  /// The content is complete and has a reply to come.
  mutating func endContent() { ends.append(end) }

  // MARK: Replies

  /// Whether the next reply would come before the command that it should answer
  /// has left.
  var isNextReplyEarly: Bool { ends.first.map { $0 > left } ?? false }

  /// A reply has come.
  @_optimize(speed)
  mutating func replied() {
    _ = ends.popFirst()
  }

  // MARK: Leaving

  /// The next `count` octets have left. true when that was all.
  mutating func take(_ count: Int) -> Bool {
    taken &+= count
    return taken >= bytes.count
  }

  /// Discards everything that was not written. Secrets are erased.
  mutating func removeAll(_ cryptography: any Cryptography) {
    removed &+= bytes.count
    taken = 0
    commandStart = 0
    if holdsSecret { bytes.cleanse(cryptography) }
    holdsSecret = false
    bytes.removeAll()
  }

  /// While nothing is to be written for a while.
  mutating func shrink() {
    bytes.shrink(to: Self.keptCapacity)
    ends.shrink()
  }
}
