/// What one transaction is to say, apart from the content.
package struct SendRequest {
  /// nil is the null reverse-path.
  package var from: Mailbox?
  package var recipients: [Mailbox]
  /// The expected size (RFC 1870); nil when it is not known.
  package var size: UInt64?
  package var use8BitMIME: Bool

  package init(from: Mailbox?, recipients: [Mailbox], size: UInt64?, use8BitMIME: Bool) {
    self.from = from
    self.recipients = recipients
    self.size = size
    self.use8BitMIME = use8BitMIME
  }

  /// Why this server cannot take it, found before MAIL is sent.
  func refusal(by capabilities: Capabilities) -> Failure? {
    if let size, let limit = capabilities.sizeLimit, size > limit {
      return Failure(
        .message,
        "the message has \(size) octets and the server takes no more than \(limit) (SIZE)",
        command: "MAIL FROM", phase: .envelope)
    }
    // RFC 6531 section 3.2: such an address must not be sent without SMTPUTF8.
    if !capabilities.smtpUTF8, let address = internationalized {
      var failure = Failure(
        .envelope,
        "the address \"\(Bytes.printable(address.bytes))\" needs SMTPUTF8, which the server does"
          + " not offer",
        command: "MAIL FROM", phase: .envelope)
      failure.recipient = address == from ? nil : address.bytes
      return failure
    }
    return nil
  }

  private var internationalized: Mailbox? {
    if let from, from.isInternationalized { return from }
    return recipients.first { $0.isInternationalized }
  }

  func mailCommand(_ capabilities: Capabilities) -> Command? {
    var parameters: [[UInt8]] = []
    if internationalized != nil { parameters.append(Bytes.of("SMTPUTF8")) }
    if use8BitMIME, capabilities.eightBitMIME { parameters.append(Bytes.of("BODY=8BITMIME")) }
    if let size, capabilities.size { parameters.append(Bytes.of("SIZE=") + Bytes.decimal(size)) }
    return .mail(from: from, parameters: parameters)
  }
}
