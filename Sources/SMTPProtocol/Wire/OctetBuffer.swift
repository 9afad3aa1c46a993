/// A buffer of octets that keeps its memory. Array's own functions for appending go
/// octet by octet in the shipped library; these do not.
package struct OctetBuffer {
  /// The first `count` octets are in use, the others are room.
  private var storage: [UInt8] = []
  package private(set) var count = 0

  private static let leastCapacity = 128

  package init() {}

  package var isEmpty: Bool { count == 0 }
  package var capacity: Int { storage.count }

  package subscript(index: Int) -> UInt8 { storage[index] }

  /// A copy.
  package subscript(range: Range<Int>) -> [UInt8] {
    var copy = [UInt8]()
    copy.reserveCapacity(range.count)
    for index in range { copy.append(storage[index]) }
    return copy
  }

  @inline(__always)
  package func withSpan<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
    body(storage.span.extracting(0..<count))
  }

  // MARK: Appending

  @_optimize(speed)
  package mutating func append(_ octets: Span<UInt8>) {
    reserve(octets.count)
    let start = count
    var room = storage.mutableSpan
    OctetScan.copy(octets, to: &room, at: start)
    count = start &+ octets.count
  }

  @_optimize(speed)
  package mutating func append(_ octets: [UInt8]) { append(octets.span) }

  package mutating func append(_ other: OctetBuffer) { other.withSpan { append($0) } }

  package mutating func append(_ octet: UInt8) {
    reserve(1)
    storage[count] = octet
    count &+= 1
  }

  @_optimize(speed)
  mutating func appendLineEnd() {
    reserve(2)
    let start = count
    var room = storage.mutableSpan
    room[start] = .cr
    room[start &+ 1] = .lf
    count = start &+ 2
  }

  /// `body` fills the front of the room that begins at the number that it is given, up to
  /// `most` octets, and returns where it has ended.
  package mutating func append(
    most: Int, _ body: (inout MutableSpan<UInt8>, _ start: Int) -> Int
  ) {
    reserve(most)
    let start = count
    var room = storage.mutableSpan
    let end = body(&room, start)
    count = min(max(end, start), room.count)
  }

  /// Makes sure that so many more have room.
  package mutating func reserve(_ extra: Int) {
    if storage.count &- count < extra { grow(extra) }
  }

  @inline(never)
  @_optimize(speed)
  private mutating func grow(_ extra: Int) {
    let capacity = max(count + extra, 2 * storage.count, Self.leastCapacity)
    var larger = Bytes.zeros(capacity)
    var room = larger.mutableSpan
    OctetScan.copy(storage.span.extracting(0..<count), to: &room, at: 0)
    storage = larger
  }

  // MARK: Removing

  package mutating func removeLast(_ octets: Int) { count = max(count - octets, 0) }

  /// Removes the first octets; the others move to the front.
  package mutating func removeFirst(_ octets: Int) {
    guard octets > 0, octets <= count else { return }
    for index in octets..<count { storage[index &- octets] = storage[index] }
    count &-= octets
  }

  package mutating func removeAll() { count = 0 }

  /// Erases everything that this memory ever held.
  mutating func cleanse(_ cryptography: any Cryptography) {
    cryptography.cleanse(&storage)
    count = 0
  }

  /// Gives memory back when it is more than `kept`.
  package mutating func shrink(to kept: Int) {
    if count == 0, storage.count > kept { storage = [] }
  }
}
