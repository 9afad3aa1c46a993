import CSMTPConn
import SMTPProtocol

/// The numbers of `enum smtpconn_record_kind`.
enum RecordKind: UInt16 {
  case done = 1, sent, reply, connected, ended, error, log, token
}

/// Writes one record, in the layout of the header: fixed fields first, then what they refer to.
///
/// Offsets are from the beginning of the record. What there is no memory for, or no offset, is
/// left out: its reference is 0.
struct RecordWriter {
  /// The fields that all records have.
  static var header: Int { 40 }
  private static var limit: Int { 1 << 31 }

  private let block: RecordBlock
  private let start: Int

  /// nil when there is no memory at all.
  init?(_ block: RecordBlock, _ kind: RecordKind, fixed: Int) {
    self.block = block
    start = block.count
    guard block.extend(by: fixed) else { return nil }
    put(UInt16(SMTPCONN_RECORD_VERSION), at: 4)
    put(kind.rawValue, at: 6)
  }

  /// Returns the size of the record.
  func finish() -> Int {
    block.align()
    let size = block.count - start
    put(UInt32(truncatingIfNeeded: size), at: 0)
    return size
  }

  // MARK: Fields

  @inline(__always)
  func put<Number: FixedWidthInteger>(_ number: Number, at offset: Int) {
    unsafe withUnsafeBytes(of: number) { unsafe block.store($0, at: start + offset) }
  }

  func put(_ offset: Int, at place: Int) { put(UInt32(truncatingIfNeeded: offset), at: place) }

  /// What begins every record.
  func begin(
    _ connection: OpaquePointer?, _ user: UnsafeMutableRawPointer?, _ failure: Failure?,
    isPlain: Bool
  ) {
    put(UInt64(UInt(bitPattern: user)), at: 8)
    put(UInt64(UInt(bitPattern: connection)), at: 16)
    if isPlain { put(UInt32(SMTPCONN_RECORD_PLAIN), at: 24) }
    guard let failure else { return }
    put(failure.code.rawValue, at: 28)
    put(error(failure), at: 32)
  }

  // MARK: What fields refer to

  /// Room for an array or a block; 0 when there is none.
  func room(_ octets: Int) -> Int {
    block.align()
    guard octets < Self.limit - (block.count - start) else { return 0 }
    let offset = block.count - start
    return block.extend(by: octets) ? offset : 0
  }

  /// A text, and its reference at `place`.
  @_optimize(speed)
  func text(_ octets: UnsafeBufferPointer<UInt8>, at place: Int) {
    let offset = block.count - start
    guard octets.count < Self.limit - offset, block.extend(by: octets.count + 1) else { return }
    unsafe block.store(UnsafeRawBufferPointer(octets), at: start + offset)
    put(offset, at: place)
    put(octets.count, at: place + 4)
  }

  @inline(__always)
  func text(_ octets: [UInt8]?, at place: Int) {
    if let octets { unsafe octets.withUnsafeBufferPointer { unsafe text($0, at: place) } }
  }

  @inline(__always)
  func text(_ octets: ArraySlice<UInt8>?, at place: Int) {
    if let octets { unsafe octets.withUnsafeBufferPointer { unsafe text($0, at: place) } }
  }

  func text(_ string: String?, at place: Int) {
    guard var string else { return }
    string.withUTF8 { unsafe text($0, at: place) }
  }

  func text(_ literal: StaticString, at place: Int) {
    unsafe text(
      UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount), at: place)
  }

  /// The text of the reply and its enhanced status code.
  func reply(_ reply: Reply?, text place: Int, enhanced: Int) {
    guard let reply else { return }
    text(reply.text, at: place)
    text(reply.enhancedStatusSlice, at: enhanced)
  }

  /// Writes a block about an error; its offset.
  func error(_ failure: Failure) -> Int {
    let offset = room(96)
    guard offset > 0 else { return 0 }
    put(failure.code.rawValue, at: offset)
    put(failure.kind.number, at: offset + 4)
    put(failure.retry.rawValue, at: offset + 8)
    put(failure.errno, at: offset + 12)
    put(Int32(truncatingIfNeeded: failure.reply?.code ?? 0), at: offset + 16)
    text(failure.message, at: offset + 24)
    reply(failure.reply, text: offset + 32, enhanced: offset + 40)
    text(failure.command, at: offset + 48)
    text(failure.phase.name, at: offset + 56)
    text(failure.recipient, at: offset + 64)
    text(failure.tlsReason, at: offset + 72)
    text(failure.certificateNames, at: offset + 80)
    text(failure.addresses, at: offset + 88)
    return offset
  }
}
