package import SMTPProtocol

/// The addresses that failed, in the order in which they failed, and why: together
/// they are the reason when none is left.
package struct AddressFailures {
  private var entries: [(address: String, failure: Failure)] = []

  package init() {}

  package var isEmpty: Bool { entries.isEmpty }
  package var count: Int { entries.count }

  package mutating func add(_ address: String, _ failure: Failure) {
    entries.append((address: address, failure: failure))
  }

  /// As in "192.0.2.1:25, [2001:db8::1]:25".
  package var addresses: String {
    ErrorText(bytes: Bytes.joined(entries.map { Array($0.address.utf8) }, ", ")).text
  }

  /// As in "192.0.2.1:25: Connection refused; [2001:db8::1]:25: no answer".
  package var text: ErrorText {
    var text: ErrorText = ""
    for (index, entry) in entries.enumerated() {
      text += "\(index > 0 ? "; " : "")\(entry.address): \(entry.failure.text)"
    }
    return text
  }

  /// The failure of all addresses together; `end` is the last one. A server that answered
  /// decides the code before an address that did not, and the retry advice is "safe" when
  /// one address may work later.
  package func explain(_ end: Failure, _ headline: ErrorText) -> Failure {
    var failure = entries.last { $0.failure.isAnswer }?.failure ?? end
    failure.text = "\(headline)\(text)"
    failure.addresses = addresses
    if entries.contains(where: { $0.failure.retry == .safe }) { failure.retry = .safe }
    return failure
  }
}

extension Failure {
  fileprivate var isAnswer: Bool { reply != nil || code == .tls || code == .proxy }
}
