import SMTPProtocol

/// Records that were written and not taken yet, in order.
///
/// They are in blocks, so that a long queue is never copied as a whole. A block that was taken
/// is used again if it is small.
final class RecordQueue {
  private var first: RecordBlock?
  /// Where a record is written that has begun.
  private(set) var last: RecordBlock?
  /// Octets of the records that are left.
  private(set) var left = 0
  /// Lines of the log that were dropped since the last one that was kept.
  private var droppedLines: UInt32 = 0

  /// Where another block begins.
  private static var blockSize: Int { 16_384 }
  /// Lines of the log are dropped while so much is left: there is no other bound for them.
  private static var logLimit: Int { 1 << 20 }

  deinit { removeAll() }

  /// Begins a record with `fixed` octets before its texts, and `end` follows. A secret one has a
  /// block of its own, which is erased once it was taken.
  func begin(_ kind: RecordKind, fixed: Int, isSecret: Bool = false) -> RecordBlock? {
    var block = last
    if isSecret || block.map({ $0.isSecret || $0.count >= Self.blockSize }) ?? true {
      let next = RecordBlock(isSecret: isSecret)
      if let block { block.next = next } else { first = next }
      last = next
      block = next
    }
    return block?.begin(kind, fixed: fixed) == true ? block : nil
  }

  func end() { left += last?.end() ?? 0 }

  /// How many lines were dropped before another one; nil when there is no room for it.
  func roomForLine() -> UInt32? {
    guard left < Self.logLimit else {
      droppedLines &+= droppedLines == .max ? 0 : 1
      return nil
    }
    let dropped = droppedLines
    droppedLines = 0
    return dropped
  }

  /// Moves as many whole records as fit, and a size of 0 after them. Returns their octets.
  func take(into room: UnsafeMutableRawBufferPointer) -> Int {
    var taken = 0
    while let block = first {
      taken += unsafe block.take(into: UnsafeMutableRawBufferPointer(rebasing: room[taken...]))
      guard block.isEmpty else { break }
      if block.next == nil, block.isReusable(upTo: Self.blockSize) { break }
      first = block.next
    }
    if first == nil { last = nil }
    left -= taken
    if room.count - taken >= 4 {
      unsafe room.storeBytes(of: 0, toByteOffset: taken, as: UInt32.self)
    }
    return taken
  }

  /// One after the other: a block that frees the next, and so on, would need a deep stack.
  func removeAll() {
    while let block = first { first = block.next }
    last = nil
    left = 0
  }
}
