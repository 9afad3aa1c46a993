/// Octets that must not stay in memory: shared by reference and overwritten when
/// the last user lets go.
package final class Secret {
  package private(set) var bytes: [UInt8]
  private let cryptography: any Cryptography

  package init(_ bytes: [UInt8], _ cryptography: any Cryptography) {
    self.bytes = bytes
    self.cryptography = cryptography
  }

  deinit { cryptography.cleanse(&bytes) }

  /// Whether a text repeats it. Shorter words occur by chance.
  func isPart(of text: [UInt8], atLeast length: Int) -> Bool {
    Self.isPart(bytes, of: text, atLeast: length)
  }

  static func isPart(_ bytes: [UInt8], of text: [UInt8], atLeast length: Int) -> Bool {
    bytes.count >= length && Bytes.contains(text, bytes)
  }

  /// One allocation of the right size: an array that grows leaves its past behind.
  package static func joined(
    _ parts: [ArraySlice<UInt8>], _ cryptography: any Cryptography
  ) -> Secret {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(parts.reduce(0) { $0 + $1.count })
    for part in parts { bytes += part }
    return Secret(bytes, cryptography)
  }
}
