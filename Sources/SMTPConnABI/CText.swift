import SMTPTransport

/// A NUL-terminated copy of a text, as long-lived as this object. It may be that of a
/// certificate with its key, so it is erased at the end.
@safe final class CText {
  private let octets: UnsafeMutableBufferPointer<CChar>

  init(_ bytes: [UInt8]) {
    unsafe octets = .allocate(capacity: bytes.count + 1)
    for (index, byte) in bytes.enumerated() {
      unsafe octets[index] = CChar(bitPattern: byte)
    }
    unsafe octets[bytes.count] = 0
  }

  deinit {
    unsafe OpenSSLCryptography.erase(UnsafeMutableRawBufferPointer(octets))
    unsafe octets.deallocate()
  }

  var pointer: UnsafePointer<CChar>? { unsafe UnsafePointer(octets.baseAddress) }

  func equals(_ bytes: [UInt8]) -> Bool {
    guard unsafe octets.count == bytes.count + 1 else { return false }
    for (index, byte) in bytes.enumerated()
    where unsafe octets[index] != CChar(bitPattern: byte) {
      return false
    }
    return true
  }
}

/// The texts that were read from a handle whose texts never change, or are few. Asking twice
/// gives the same pointer.
final class CTexts {
  private var held: [CText] = []

  func hold(_ bytes: [UInt8]?) -> UnsafePointer<CChar>? {
    guard let bytes, Memory.has(bytes.count) else { return nil }
    if let known = held.first(where: { $0.equals(bytes) }) { return unsafe known.pointer }
    let text = CText(bytes)
    held.append(text)
    return unsafe text.pointer
  }

  func hold(_ text: String?) -> UnsafePointer<CChar>? {
    unsafe hold(text.map { Array($0.utf8) })
  }

  func clear() {
    if !held.isEmpty { held.removeAll() }
  }
}

/// The texts that were read from a handle whose texts change: the last result of each getter,
/// for each index. A second call returns the same pointer as long as the text is the same.
final class LastCTexts {
  private struct Getter {
    /// The address of its name: a name has one address in memory.
    let name: UInt
    var texts: [CText?] = []
  }
  private var getters: [Getter] = []

  /// `name` is that of the getter, so it is left out.
  func hold(
    _ bytes: [UInt8]?, _ index: Int = 0, of name: StaticString = #function
  ) -> UnsafePointer<CChar>? {
    guard let bytes, index >= 0, Memory.has(bytes.count) else { return nil }
    let place = getter(name)
    while getters[place].texts.count <= index { getters[place].texts.append(nil) }
    if let known = getters[place].texts[index], known.equals(bytes) { return unsafe known.pointer }
    let text = CText(bytes)
    getters[place].texts[index] = text
    return unsafe text.pointer
  }

  /// There are no more getters than the header has.
  private func getter(_ name: StaticString) -> Int {
    let start = unsafe UInt(bitPattern: name.utf8Start)
    if let known = getters.firstIndex(where: { $0.name == start }) { return known }
    getters.append(Getter(name: start))
    return getters.count - 1
  }

  func clear() {
    if !getters.isEmpty { getters.removeAll() }
  }
}

/// A literal as C sees it.
func cLiteral(_ text: StaticString) -> UnsafePointer<CChar>? {
  unsafe UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
}

/// The octets of a C string, or nil for NULL. One allocation, so that no part of a
/// password stays in freed memory.
///
/// A string for which there is no memory becomes a single NUL, which no string of C holds:
/// every option, address and credential refuses it, now or when it is used.
func cBytes(_ text: UnsafePointer<CChar>?) -> [UInt8]? {
  guard let text = unsafe text else { return nil }
  let octets = unsafe cString(text)
  guard Memory.has(octets.count) else { return [0] }
  return unsafe [UInt8](octets)
}

/// A C string where it is, without the NUL.
func cString(_ text: UnsafePointer<CChar>) -> UnsafeBufferPointer<UInt8> {
  var count = 0
  while unsafe text[count] != 0 { count += 1 }
  return unsafe UnsafeBufferPointer(
    start: UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self), count: count)
}

/// Octets given as pointer and `size_t`; nil when the length is impossible.
/// A `size_t` beyond the signed range arrives as a negative number.
func cOctets(
  _ start: UnsafeRawPointer?, _ length: Int
) -> UnsafeBufferPointer<UInt8>? {
  if length == 0 { return unsafe UnsafeBufferPointer(start: nil, count: 0) }
  guard length > 0, let start = unsafe start else { return nil }
  return unsafe UnsafeBufferPointer(
    start: start.assumingMemoryBound(to: UInt8.self), count: length)
}
