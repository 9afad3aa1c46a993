/// Octets that must not stay in memory: shared by reference, and overwritten when
/// the last reference is gone.
package final class Secret {
  package private(set) var bytes: [UInt8]
  private let cryptography: any Cryptography

  package init(_ bytes: [UInt8], _ cryptography: any Cryptography) {
    self.bytes = bytes
    self.cryptography = cryptography
  }

  /// One that grows up to `capacity` in its place, and beyond it in another.
  @inline(never)
  package convenience init(capacity: Int, _ cryptography: any Cryptography) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(capacity)
    self.init(bytes, cryptography)
  }

  deinit { cryptography.cleanse(&bytes) }

  @inline(never)
  package func append(_ more: ArraySlice<UInt8>) {
    makeRoom(more.count)
    bytes += more
  }

  @inline(never)
  package func append(_ byte: UInt8) {
    makeRoom(1)
    bytes.append(byte)
  }

  @inline(never)
  private func makeRoom(_ more: Int) {
    let count = bytes.count + more
    guard count > bytes.capacity else { return }
    var larger: [UInt8] = []
    larger.reserveCapacity(max(count, 2 * bytes.capacity))
    larger += bytes
    cryptography.cleanse(&bytes)
    bytes = larger
  }

  @inline(never)
  package func removeFirst(_ count: Int) { bytes.removeFirst(count) }

  /// Whether a text has it, or eight octets in a row of it. Of more than 64 octets, any fifteen in a
  /// row: a text may be long too. Shorter words occur by chance.
  func isPart(of text: [UInt8], atLeast length: Int) -> Bool {
    Self.isPart(bytes[...], of: text, atLeast: length)
  }

  static func isPart(_ bytes: ArraySlice<UInt8>, of text: [UInt8], atLeast length: Int) -> Bool {
    guard bytes.count >= length else { return false }
    let size = min(bytes.count, 8)
    let step = bytes.count > 64 ? size : 1
    return stride(from: 0, through: bytes.count - size, by: step).contains {
      Bytes.contains(text, bytes.dropFirst($0).prefix(size))
    }
  }

  /// One allocation of the right size: an array that grows leaves its past behind.
  package static func joined(
    _ parts: [ArraySlice<UInt8>], _ cryptography: any Cryptography
  ) -> Secret {
    let result = Secret(capacity: parts.reduce(0) { $0 + $1.count }, cryptography)
    for part in parts { result.append(part) }
    return result
  }
}
