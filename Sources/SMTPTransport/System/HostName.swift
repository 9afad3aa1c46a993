import CSystem

/// The host name of this machine.
package enum HostName {
  /// The result of gethostname, empty when it fails.
  package static func machineName() -> [UInt8] {
    // POSIX allows 255 octets, and a name that is cut need not end in NUL.
    var buffer = [CChar](repeating: 0, count: 257)
    guard unsafe gethostname(&buffer, buffer.count - 1) == 0 else { return [] }
    return buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
  }
}
