/// Makes A-labels of domains outside ASCII (RFC 5890, RFC 5891). It takes large tables, which
/// the library does not have: SMTPTransport asks the system, tests give fixed answers.
package protocol DomainConversion: AnyObject {
  /// `domain` is UTF-8.
  func asciiForm(of domain: [UInt8]) throws(DomainRefusal) -> [UInt8]
}

/// Why a domain has no A-label, to be put after its name: "the label ... is not allowed".
package struct DomainRefusal: Error {
  package let reason: ErrorText

  package init(reason: ErrorText) { self.reason = reason }
}

extension Domain {
  /// A domain outside ASCII with A-labels; one in ASCII stays as it is.
  package static func ascii(
    _ domain: [UInt8], _ conversion: any DomainConversion
  ) throws(DomainRefusal) -> [UInt8] {
    if domain.allSatisfy({ $0 < 0x80 }) { return domain }
    if String(validating: domain, as: UTF8.self) == nil {
      throw DomainRefusal(reason: "is not UTF-8")
    }
    if let unseen = UnseenCharacter.first(in: domain) { throw DomainRefusal(reason: unseen.reason) }
    let form = try conversion.asciiForm(of: domain)
    // A conversion maps characters: what comes of it is looked at as any other domain.
    let name = form.last == .dot ? Array(form.dropLast()) : form
    guard isValid(name) else { throw DomainRefusal(reason: "is no domain") }
    return form
  }
}
