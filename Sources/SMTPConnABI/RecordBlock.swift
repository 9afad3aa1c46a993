import SMTPProtocol
import SMTPTransport

/// Memory of records, one after the other. That of a secret block is erased.
@safe final class RecordBlock {
  let isSecret: Bool
  var next: RecordBlock?
  private var base: UnsafeMutableRawBufferPointer
  private(set) var count = 0
  /// Where the records that are left begin.
  private var head = 0
  /// Where the record begins that is being written.
  private var start = 0

  private static var alignment: Int { 8 }
  private static var leastSize: Int { 1_024 }
  /// No record is larger: offsets are numbers of 32 bits.
  private static var limit: Int { 1 << 31 }

  init(isSecret: Bool) {
    self.isSecret = isSecret
    unsafe base = .allocate(byteCount: Self.leastSize, alignment: Self.alignment)
  }

  deinit { unsafe Self.free(base, isSecret) }

  private static func free(_ memory: UnsafeMutableRawBufferPointer, _ isSecret: Bool) {
    if isSecret { unsafe OpenSSLCryptography.erase(memory) }
    unsafe memory.deallocate()
  }

  // MARK: Writing
  //
  // Offsets are from the beginning of the record.

  /// The size of the record so far.
  var size: Int { count - start }

  /// False when there is no memory at all.
  func begin(_ kind: RecordKind, fixed: Int) -> Bool {
    start = count
    guard extend(by: fixed) else { return false }
    unsafe base.storeBytes(of: RecordKind.version, toByteOffset: start + 4, as: UInt16.self)
    unsafe base.storeBytes(of: kind.rawValue, toByteOffset: start + 6, as: UInt16.self)
    return true
  }

  /// Returns the size of the record.
  func end() -> Int {
    align()
    put(size, at: 0)
    return size
  }

  /// More room at the end, filled with 0. False when there is not enough memory, or the record is
  /// too large.
  func extend(by octets: Int) -> Bool {
    guard octets < Self.limit - size else { return false }
    let end = count + octets
    guard unsafe end <= base.count - Self.alignment || grow(to: end) else { return false }
    fill(to: end)
    return true
  }

  /// Up to the next multiple of eight: `extend` leaves room for it.
  func align() { fill(to: (count + Self.alignment - 1) & -Self.alignment) }

  private func fill(to end: Int) {
    unsafe UnsafeMutableRawBufferPointer(rebasing: base[count..<end]).initializeMemory(
      as: UInt8.self, repeating: 0)
    count = end
  }

  @inline(never)
  private func grow(to end: Int) -> Bool {
    let size = unsafe max(end + Self.alignment, 2 * base.count)
    guard Memory.has(size) else { return false }
    let larger = UnsafeMutableRawBufferPointer.allocate(
      byteCount: size, alignment: Self.alignment)
    unsafe larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: base[..<count]))
    unsafe Self.free(base, isSecret)
    unsafe base = larger
    return true
  }

  /// Within what `extend` has made room for.
  func store(_ octets: UnsafeRawBufferPointer, at offset: Int) {
    guard octets.count <= size - offset else { return }
    unsafe UnsafeMutableRawBufferPointer(rebasing: base[(start + offset)...]).copyMemory(
      from: octets)
  }

  @inline(never)
  func put(_ number: UInt32, at offset: Int) {
    guard offset <= size - 4 else { return }
    unsafe base.storeBytes(of: number, toByteOffset: start + offset, as: UInt32.self)
  }

  @inline(never)
  func put(_ number: UInt64, at offset: Int) {
    guard offset <= size - 8 else { return }
    unsafe base.storeBytes(of: number, toByteOffset: start + offset, as: UInt64.self)
  }

  // MARK: The record that was written last

  /// It is of this kind, and not taken yet.
  func endsWith(_ kind: RecordKind) -> Bool {
    guard start >= head, start < count else { return false }
    return unsafe base.load(fromByteOffset: start + 6, as: UInt16.self) == kind.rawValue
  }

  func number(at offset: Int) -> UInt64 {
    guard offset <= size - 8 else { return 0 }
    return unsafe base.load(fromByteOffset: start + offset, as: UInt64.self)
  }

  // MARK: Taking

  var isEmpty: Bool { head == count }

  /// Forgets what was taken. False for a block that is not worth keeping.
  func isReusable(upTo size: Int) -> Bool {
    head = 0
    count = 0
    return unsafe !isSecret && base.count <= 2 * size
  }

  /// Moves the records that fit, from the first that is left on.
  func take(into room: UnsafeMutableRawBufferPointer) -> Int {
    var end = count
    if count - head > room.count {
      end = head
      while end < count {
        let next = end + Int(unsafe base.load(fromByteOffset: end, as: UInt32.self))
        guard next - head <= room.count else { break }
        end = next
      }
    }
    let taken = unsafe UnsafeRawBufferPointer(rebasing: base[head..<end])
    unsafe room.copyMemory(from: taken)
    head = end
    return taken.count
  }
}
