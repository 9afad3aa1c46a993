import CSystem
package import SMTPProtocol

/// Asks libidn2, when this machine has it. It is loaded when the first name outside ASCII needs
/// it, so no program has to be linked with it. AI_IDN of getaddrinfo does the same, but depends
/// on the locale of the program and does not say what the name became, which TLS must know.
package final class SystemDomains: DomainConversion, Sendable {
  package static let shared = SystemDomains()

  private init() {}

  package func asciiForm(of domain: [UInt8]) throws(DomainRefusal) -> [UInt8] {
    switch convert(domain) {
    case .form(let form): return form
    case .noLibrary:
      throw DomainRefusal(
        reason: "is outside ASCII, and libidn2 (package libidn2-0), which makes A-labels, is not"
          + " there; give the A-label (xn--...)")
    case .refused(let reason): throw DomainRefusal(reason: Self.text(domain, reason))
    }
  }

  /// Which label is the reason, where one alone is.
  private static func text(_ domain: [UInt8], _ reason: ErrorText) -> ErrorText {
    for label in domain.split(separator: .dot) {
      if case .refused(let reason) = shared.convert(Array(label)) {
        return "has no A-label: \"\(Bytes.printable(Array(label), limit: 80))\": \(reason)"
      }
    }
    return "has no A-label: \(reason)"
  }

  private enum Conversion {
    case form([UInt8])
    case noLibrary
    case refused(ErrorText)
  }

  private func convert(_ domain: [UInt8]) -> Conversion {
    var form: UnsafeMutablePointer<CChar>?
    var reason: UnsafePointer<CChar>?
    let name = (domain + [0]).map { CChar(bitPattern: $0) }
    let code = unsafe csystem_ascii_form(name, &form, &reason)
    if code == 1 { return .noLibrary }
    guard code == 0, let found = unsafe form else {
      return .refused(ErrorText(unsafe reason.map { unsafe String(cString: $0) } ?? "unknown"))
    }
    defer { unsafe free(found) }
    return .form(Array(unsafe String(cString: found).utf8))
  }
}
