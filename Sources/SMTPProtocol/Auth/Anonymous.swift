/// ANONYMOUS (RFC 4505): no identity, only a trace for the operator of the server, an address or a
/// word. It may be empty.
package final class Anonymous: SingleMessage {
  /// RFC 4505 section 2, in characters.
  static let traceLimit = 255

  package init(trace: Secret) { super.init("ANONYMOUS", trace) }

  static func isTrace(_ text: [UInt8]) -> Bool {
    // A character of UTF-8 has one octet that does not continue another.
    text.lazy.filter { $0 & 0xC0 != 0x80 }.count <= traceLimit
  }
}
