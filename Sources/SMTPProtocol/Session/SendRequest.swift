/// What one transaction is to say, apart from the content.
package struct SendRequest {
  package struct Recipient {
    package var mailbox: Mailbox
    package var notify: DeliveryStatus.Notify?
    package var originalRecipient: DeliveryStatus.OriginalRecipient?

    package init(_ mailbox: Mailbox) {
      self.mailbox = mailbox
    }
  }

  /// nil is the null reverse-path.
  package var from: Mailbox?
  package var recipients: [Recipient]
  /// The expected size (RFC 1870); nil when it is not known.
  package var size: UInt64?
  /// nil: decided by what `survey` saw.
  package var use8BitMIME: Bool?
  package var useSMTPUTF8 = false
  /// REQUIRETLS (RFC 8689).
  package var requiresTLS = false
  package var ret: DeliveryStatus.Return?
  package var envelopeIdentifier: DeliveryStatus.EnvelopeIdentifier?
  /// For recipients that have none of their own.
  package var notify: DeliveryStatus.Notify?
  package var originalRecipient: DeliveryStatus.OriginalRecipient?
  /// What a look at the message found; nil when it cannot be looked at.
  package var survey: ContentSurvey?

  package init(
    from: Mailbox?, recipients: [Mailbox], size: UInt64?, use8BitMIME: Bool?
  ) {
    self.from = from
    self.recipients = recipients.map { Recipient($0) }
    self.size = size
    self.use8BitMIME = use8BitMIME
  }

  /// What the server is told and compared with its limit.
  private var expectedSize: UInt64? { survey?.size ?? size }

  // MARK: What the server cannot take

  /// Found before MAIL is sent.
  func refusal(by capabilities: Capabilities, security: Session.Security) -> Failure? {
    if let expectedSize, let limit = capabilities.sizeLimit, expectedSize > limit {
      return Self.failure(
        .message,
        "the message has \(expectedSize) octets and the server takes no more than \(limit) (SIZE)")
    }
    // RFC 6531 section 3.2: such an address must not be sent without SMTPUTF8.
    if !capabilities.smtpUTF8, let address = internationalized {
      let isDomainOnly = !address.bytes.prefix { $0 != 0x40 }.contains { $0 >= 0x80 }
      var failure = Self.failure(
        .envelope,
        "the address \"\(Bytes.printable(address.bytes))\" needs SMTPUTF8, which the server does"
          + " not offer" + (isDomainOnly ? "; give its domain as an A-label (xn--...)" : ""))
      failure.recipient = address == from ? nil : address.bytes
      return failure
    }
    if useSMTPUTF8, !capabilities.smtpUTF8 {
      return Self.failure(
        .message, "the message is to be sent with SMTPUTF8, which the server does not offer")
    }
    // RFC 6152 section 3: no 8-bit content without the agreement of the server.
    if use8BitMIME == nil, survey?.hasEightBit == true, !capabilities.eightBitMIME {
      return Self.failure(
        .message,
        "the message has 8-bit content and the server does not offer 8BITMIME; encode it as 7-bit,"
          + " or set use_8bitmime to send it all the same")
    }
    return requiresTLS ? requireTLSRefusal(capabilities, security) : nil
  }

  /// RFC 8689 section 4.2.1: only under TLS with a verified certificate, and only
  /// to a server that says it will do the same.
  private func requireTLSRefusal(
    _ capabilities: Capabilities, _ security: Session.Security
  ) -> Failure? {
    let reason: Message
    if !security.isSecure {
      reason = "the connection is not under TLS"
    } else if !security.isVerified {
      reason = "the certificate of the server was not verified"
    } else if !capabilities.has(Bytes.of("REQUIRETLS")) {
      reason = "the server does not offer it"
    } else {
      return nil
    }
    return Self.failure(.requireTLS, "REQUIRETLS cannot be honoured: \(reason)")
  }

  private static func failure(_ code: ErrorCode, _ text: Message) -> Failure {
    Failure(code, text, command: "MAIL FROM", phase: .envelope)
  }

  private var internationalized: Mailbox? {
    if let from, from.isInternationalized { return from }
    return recipients.first { $0.mailbox.isInternationalized }?.mailbox
  }

  // MARK: Commands

  func mailCommand(_ capabilities: Capabilities) -> Command? {
    var parameters: [[UInt8]] = []
    let needsUTF8 = internationalized != nil || useSMTPUTF8 || survey?.hasEightBitHeader == true
    if needsUTF8, capabilities.smtpUTF8 { parameters.append(Bytes.of("SMTPUTF8")) }
    if use8BitMIME ?? survey?.hasEightBit ?? false, capabilities.eightBitMIME {
      parameters.append(Bytes.of("BODY=8BITMIME"))
    }
    if let expectedSize, capabilities.size {
      parameters.append(Bytes.of("SIZE=") + Bytes.decimal(expectedSize))
    }
    if capabilities.dsn {
      if let ret { parameters.append(Bytes.of("RET=") + ret.text) }
      if let envelopeIdentifier {
        parameters.append(Bytes.of("ENVID=") + Xtext.encode(envelopeIdentifier.text))
      }
    }
    if requiresTLS { parameters.append(Bytes.of("REQUIRETLS")) }
    return .mail(from: from, parameters: parameters)
  }

  func recipientCommand(_ recipient: Recipient, _ capabilities: Capabilities) -> Command? {
    var parameters: [[UInt8]] = []
    if capabilities.dsn {
      if let notify = recipient.notify ?? notify {
        parameters.append(Bytes.of("NOTIFY=") + notify.text)
      }
      if let original = recipient.originalRecipient ?? originalRecipient {
        parameters.append(original.parameter)
      }
    }
    return .recipient(recipient.mailbox, parameters: parameters)
  }
}
