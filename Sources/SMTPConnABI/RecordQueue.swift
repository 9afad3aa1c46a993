import SMTPProtocol
import SMTPTransport

/// Records that were written and not taken yet, in order.
///
/// They are in blocks, so that a long queue is never copied as a whole. A block that was taken
/// is used again if it is small.
final class RecordQueue {
  private var blocks = Queue<RecordBlock>()
  /// Octets of the records that are left.
  private(set) var left = 0
  /// Lines of the log that were dropped since the last one that was kept.
  private var droppedLines: UInt32 = 0

  /// Where another block begins.
  private static var blockSize: Int { 16_384 }
  /// Lines of the log are dropped while so much is left: there is no other bound for them.
  private static var logLimit: Int { 1 << 20 }

  /// Appends a record with `fixed` octets before its texts. A secret one has a block of its own,
  /// which is erased once it was taken.
  @_optimize(speed)
  func append(
    _ kind: RecordKind, fixed: Int, isSecret: Bool = false, _ write: (RecordWriter) -> Void
  ) {
    let block = block(isSecret: isSecret)
    guard let writer = RecordWriter(block, kind, fixed: fixed) else { return }
    write(writer)
    left += writer.finish()
  }

  @_optimize(speed)
  private func block(isSecret: Bool) -> RecordBlock {
    if !isSecret, let last = blocks.last, !last.isSecret, last.count < Self.blockSize {
      return last
    }
    let block = RecordBlock(isSecret: isSecret)
    blocks.append(block)
    return block
  }

  /// Whether there is room for a line of the log, and how many were dropped before it.
  func roomForLine() -> UInt32? {
    guard left < Self.logLimit else {
      droppedLines &+= droppedLines == .max ? 0 : 1
      return nil
    }
    let dropped = droppedLines
    droppedLines = 0
    return dropped
  }

  /// Moves as many whole records as fit. Returns their octets.
  func take(into room: UnsafeMutableRawBufferPointer) -> Int {
    var taken = 0
    while let block = blocks.first {
      let count = unsafe block.take(into: UnsafeMutableRawBufferPointer(rebasing: room[taken...]))
      taken += count
      guard block.isEmpty else { break }
      if blocks.count == 1, block.isReusable(upTo: Self.blockSize) { break }
      _ = blocks.popFirst()
    }
    left -= taken
    return taken
  }

  func removeAll() {
    blocks = Queue()
    left = 0
    droppedLines = 0
  }
}

/// Memory of records, one after the other. Those of a secret block are erased.
@safe final class RecordBlock {
  let isSecret: Bool
  private var base: UnsafeMutableRawBufferPointer
  private(set) var count = 0
  /// Where the records that are left begin.
  private var head = 0

  private static var alignment: Int { 8 }
  private static var leastSize: Int { 1_024 }

  init(isSecret: Bool) {
    self.isSecret = isSecret
    unsafe base = .allocate(byteCount: Self.leastSize, alignment: Self.alignment)
  }

  deinit { unsafe Self.free(base, isSecret) }

  private static func free(_ memory: UnsafeMutableRawBufferPointer, _ isSecret: Bool) {
    if isSecret { unsafe OpenSSLCryptography.erase(memory) }
    unsafe memory.deallocate()
  }

  var isEmpty: Bool { head == count }

  /// Forgets what was taken. False for a block that is not worth keeping.
  func isReusable(upTo size: Int) -> Bool {
    head = 0
    count = 0
    return unsafe !isSecret && base.count <= 2 * size
  }

  /// More room at the end, filled with 0. False when there is not enough memory.
  @_optimize(speed)
  func extend(by octets: Int) -> Bool {
    let (end, overflow) = count.addingReportingOverflow(octets)
    guard !overflow, unsafe end <= base.count - Self.alignment || grow(to: end) else { return false }
    unsafe UnsafeMutableRawBufferPointer(rebasing: base[count..<end]).initializeMemory(
      as: UInt8.self, repeating: 0)
    count = end
    return true
  }

  /// Up to the next multiple of eight: `extend` leaves room for it.
  func align() {
    let end = (count + Self.alignment - 1) & -Self.alignment
    unsafe UnsafeMutableRawBufferPointer(rebasing: base[count..<end]).initializeMemory(
      as: UInt8.self, repeating: 0)
    count = end
  }

  @inline(never)
  private func grow(to end: Int) -> Bool {
    let size = unsafe max(end.addingReportingOverflow(Self.alignment).partialValue, 2 * base.count)
    guard size > end, Memory.has(size) else { return false }
    let larger = UnsafeMutableRawBufferPointer.allocate(
      byteCount: size, alignment: Self.alignment)
    unsafe larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: base[..<count]))
    unsafe Self.free(base, isSecret)
    unsafe base = larger
    return true
  }

  /// Within what `extend` has made room for.
  @_optimize(speed)
  func store(_ octets: UnsafeRawBufferPointer, at place: Int) {
    guard place >= 0, octets.count <= count - place else { return }
    unsafe UnsafeMutableRawBufferPointer(rebasing: base[place...]).copyMemory(from: octets)
  }

  /// Moves the records that fit, from the first that is left on.
  func take(into room: UnsafeMutableRawBufferPointer) -> Int {
    var end = head
    if count - head <= room.count {
      end = count
    } else {
      while end < count, end - head + size(at: end) <= room.count { end += size(at: end) }
    }
    let taken = unsafe UnsafeRawBufferPointer(rebasing: base[head..<end])
    unsafe room.copyMemory(from: taken)
    head = end
    return taken.count
  }

  private func size(at place: Int) -> Int {
    Int(unsafe base.loadUnaligned(fromByteOffset: place, as: UInt32.self))
  }
}
