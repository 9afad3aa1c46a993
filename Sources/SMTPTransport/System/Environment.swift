import CSystem
import SMTPProtocol

/// Variables of the process.
package enum Environment {
  /// The first of the two that is set and not empty.
  package static func value(_ name: StaticString, or other: StaticString) -> [UInt8]? {
    value(name) ?? value(other)
  }

  private static func value(_ name: StaticString) -> [UInt8]? {
    let text = (Bytes.of(name) + [0]).map { CChar(bitPattern: $0) }
    guard let value = unsafe getenv(text), unsafe value.pointee != 0 else { return nil }
    return unsafe [UInt8](UnsafeRawBufferPointer(start: value, count: strlen(value)))
  }
}
