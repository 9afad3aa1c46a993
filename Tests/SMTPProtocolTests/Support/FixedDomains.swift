@testable import SMTPProtocol

/// A-labels for tests: of one domain. Any other has none.
final class FixedDomains: DomainConversion, Sendable {
  static let shared = FixedDomains()

  func asciiForm(of domain: [UInt8]) throws(DomainRefusal) -> [UInt8] {
    switch text(domain) {
    case "bücher.example": return bytes("xn--bcher-kva.example")
    // What a conversion may make of a character that looks like another.
    case "é＠x.example": return bytes("xn--9ca@x.example")
    case "é>.example": return bytes("é>.example")
    case let other where other.hasPrefix("ü"):
      return bytes(String(repeating: "x", count: 63) + ".x")
    case let other: throw DomainRefusal(reason: "has no A-label: \"\(other)\"")
    }
  }
}
