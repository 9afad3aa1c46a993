/// The commands of one transaction, without the content.
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
  package var from: Mailbox? {
    get { envelope.from }
    set { own().from = newValue }
  }
  package var recipients: [Recipient] {
    get { envelope.recipients }
    _modify { yield &own().recipients }
  }
  /// A recipient without a domain, which only LMTP takes; nil when all have one.
  package private(set) var localPart: Mailbox? {
    get { envelope.localPart }
    set { own().localPart = newValue }
  }
  /// The expected size (RFC 1870); nil when it is not known.
  package var size: UInt64? {
    get { envelope.size }
    set { own().size = newValue }
  }
  /// The least size of the message, when it cannot be inspected.
  package var leastSize: UInt64? {
    get { envelope.leastSize }
    set { own().leastSize = newValue }
  }
  /// nil: decided by what `survey` saw.
  package var use8BitMIME: Bool? {
    get { envelope.use8BitMIME }
    set { own().use8BitMIME = newValue }
  }
  package var useSMTPUTF8: Bool {
    get { envelope.useSMTPUTF8 }
    set { own().useSMTPUTF8 = newValue }
  }
  /// REQUIRETLS (RFC 8689).
  package var requiresTLS: Bool {
    get { envelope.requiresTLS }
    set { own().requiresTLS = newValue }
  }
  /// Every octet as it is (BODY=BINARYMIME, RFC 3030 section 3).
  package var isBinary: Bool {
    get { envelope.isBinary }
    set { own().isBinary = newValue }
  }
  /// The message is for every recipient or for none.
  package var isAllOrNone: Bool {
    get { envelope.isAllOrNone }
    set { own().isAllOrNone = newValue }
  }
  package var ret: DeliveryStatus.Return? {
    get { envelope.ret }
    set { own().ret = newValue }
  }
  package var envelopeIdentifier: DeliveryStatus.EnvelopeIdentifier? {
    get { envelope.envelopeIdentifier }
    set { own().envelopeIdentifier = newValue }
  }
  /// For recipients that have none of their own.
  package var notify: DeliveryStatus.Notify? {
    get { envelope.notify }
    set { own().notify = newValue }
  }
  package var originalRecipient: DeliveryStatus.OriginalRecipient? {
    get { envelope.originalRecipient }
    set { own().originalRecipient = newValue }
  }
  /// The survey of the message; nil when it cannot be inspected.
  package var survey: ContentSurvey?

  package init(
    from: Mailbox?, recipients: [Mailbox], size: UInt64?, use8BitMIME: Bool?
  ) {
    envelope = Envelope()
    envelope.from = from
    envelope.recipients = recipients.map { Recipient($0) }
    envelope.size = size
    envelope.use8BitMIME = use8BitMIME
  }

  package mutating func add(_ recipient: Recipient) {
    recipients.append(recipient)
    if localPart == nil, recipient.mailbox.isLocalPart { localPart = recipient.mailbox }
  }

  /// One reference: a request is passed on for every message, and changed rarely. It is
  /// copied on write.
  private var envelope: Envelope

  private mutating func own() -> Envelope {
    if !isKnownUniquelyReferenced(&envelope) { envelope = Envelope(envelope) }
    return envelope
  }

  private final class Envelope {
    var from: Mailbox?
    var recipients: [Recipient] = []
    var localPart: Mailbox?
    var size: UInt64?
    var leastSize: UInt64?
    var use8BitMIME: Bool?
    var useSMTPUTF8 = false
    var requiresTLS = false
    var isBinary = false
    var isAllOrNone = false
    var ret: DeliveryStatus.Return?
    var envelopeIdentifier: DeliveryStatus.EnvelopeIdentifier?
    var notify: DeliveryStatus.Notify?
    var originalRecipient: DeliveryStatus.OriginalRecipient?

    init() {}

    init(_ other: Envelope) {
      from = other.from
      recipients = other.recipients
      localPart = other.localPart
      size = other.size
      leastSize = other.leastSize
      use8BitMIME = other.use8BitMIME
      useSMTPUTF8 = other.useSMTPUTF8
      requiresTLS = other.requiresTLS
      isBinary = other.isBinary
      isAllOrNone = other.isAllOrNone
      ret = other.ret
      envelopeIdentifier = other.envelopeIdentifier
      notify = other.notify
      originalRecipient = other.originalRecipient
    }
  }

  /// The size sent to the server and compared with its limit.
  private var expectedSize: UInt64? { (isBinary ? survey?.octets : survey?.size) ?? size }

  // MARK: What the server cannot take

  /// Whether this server needs a survey of the whole message.
  package func needsWholeSurvey(for session: Session) -> Bool {
    needsWholeSurvey(session.capabilities, chunks: session.usesChunks)
  }

  func needsWholeSurvey(_ capabilities: Capabilities, chunks: Bool) -> Bool {
    guard let survey, !survey.isWhole, !isBinary else { return false }
    // Line ends may double it.
    let isNearLimit = capabilities.sizeLimit.map { $0 / 2 <= survey.size } ?? false
    let isUndecided =
      use8BitMIME == nil && !survey.hasEightBit && !capabilities.eightBitMIME
    return isNearLimit || isUndecided || chunks || (survey.inHeader && capabilities.smtpUTF8)
  }

  /// Found before MAIL is sent.
  func refusal(
    by capabilities: Capabilities, security: Session.Security, allowsChunks: Bool
  ) -> Failure? {
    let size = max(expectedSize ?? 0, leastSize ?? 0)
    if let limit = capabilities.sizeLimit, size > limit {
      return Self.failure(
        .message,
        "the message has \(size) octets and the server takes no more than \(limit) (SIZE)")
    }
    // RFC 6531 section 3.2: such an address must not be sent without SMTPUTF8.
    if !capabilities.smtpUTF8, let address = internationalized {
      let isDomainOnly = !address.bytes.prefix { $0 != .at }.contains { $0 >= 0x80 }
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
    if isBinary {
      return binaryRefusal(capabilities, allowsChunks) ?? tlsRefusal(capabilities, security)
    }
    // RFC 6152 section 3: no 8-bit content without the agreement of the server.
    if use8BitMIME == nil, survey?.hasEightBit == true, !capabilities.eightBitMIME {
      return Self.failure(
        .message,
        "the message has 8-bit content and the server does not offer 8BITMIME; encode it as 7-bit,"
          + " or set use_8bitmime to send it anyway")
    }
    return tlsRefusal(capabilities, security)
  }

  private func binaryRefusal(_ capabilities: Capabilities, _ allowsChunks: Bool) -> Failure? {
    if allowsChunks, capabilities.binaryMIME { return nil }
    return Self.failure(
      .message,
      allowsChunks
        ? "the message is to be sent with BINARYMIME, which the server does not offer"
        : "the message is to be sent with BINARYMIME, which needs the option chunking")
  }

  private func tlsRefusal(
    _ capabilities: Capabilities, _ security: Session.Security
  ) -> Failure? {
    requiresTLS ? requireTLSRefusal(capabilities, security) : nil
  }

  /// RFC 8689 section 4.2.1: only under TLS with a verified certificate, and only
  /// to a server that offers REQUIRETLS.
  private func requireTLSRefusal(
    _ capabilities: Capabilities, _ security: Session.Security
  ) -> Failure? {
    let reason: ErrorText
    if !security.isSecure {
      reason = "the connection is not under TLS"
    } else if !security.isVerified {
      reason = "the certificate of the server was not verified"
    } else if !capabilities.has(Bytes.of("REQUIRETLS")) {
      reason = "the server does not offer it"
    } else {
      return nil
    }
    return Self.failure(.requireTLS, "REQUIRETLS is not possible: \(reason)")
  }

  private static func failure(_ code: ErrorCode, _ text: ErrorText) -> Failure {
    Failure(code, text, command: "MAIL FROM", phase: .envelope)
  }

  private var internationalized: Mailbox? {
    if let from, from.isInternationalized { return from }
    return recipients.first { $0.mailbox.isInternationalized }?.mailbox
  }

  // MARK: Commands

  /// `MAIL FROM:<reverse-path> parameters` (RFC 5321 section 4.1.1.2).
  @_optimize(speed)
  func writeMail(to output: inout SessionOutput, _ capabilities: Capabilities) {
    output.append(Command.mail, from?.bytes ?? [], Command.endOfPath)
    if capabilities.smtpUTF8,
      useSMTPUTF8 || survey?.hasEightBitHeader == true || internationalized != nil
    {
      output.append(Parameter.smtpUTF8)
    }
    if isBinary {
      output.append(Parameter.binaryMIME)
    } else if use8BitMIME ?? survey?.mayHaveEightBit ?? false, capabilities.eightBitMIME {
      output.append(Parameter.eightBitMIME)
    }
    if let expectedSize, capabilities.size {
      output.append(Parameter.size)
      output.append(decimal: expectedSize)
    }
    if capabilities.dsn {
      if let ret {
        output.append(Parameter.ret)
        output.append(ret.text)
      }
      if let envelopeIdentifier {
        output.append(Parameter.envelopeIdentifier)
        output.append(Xtext.encode(envelopeIdentifier.text))
      }
    }
    if requiresTLS { output.append(Parameter.requireTLS) }
    output.endCommand()
  }

  /// `RCPT TO:<forward-path> parameters` (RFC 5321 section 4.1.1.3).
  @_optimize(speed)
  func writeRecipient(
    _ recipient: Recipient, to output: inout SessionOutput, _ capabilities: Capabilities
  ) {
    output.append(Command.recipient, recipient.mailbox.bytes, Command.endOfPath)
    if capabilities.dsn {
      if let notify = recipient.notify ?? notify {
        output.append(Parameter.notify)
        output.append(notify.text)
      }
      if let original = recipient.originalRecipient ?? originalRecipient {
        output.append(Parameter.space)
        output.append(original.parameter)
      }
    }
    output.endCommand()
  }

  private enum Parameter {
    static let space = Bytes.of(" ")
    static let smtpUTF8 = Bytes.of(" SMTPUTF8")
    static let eightBitMIME = Bytes.of(" BODY=8BITMIME")
    static let binaryMIME = Bytes.of(" BODY=BINARYMIME")
    static let size = Bytes.of(" SIZE=")
    static let ret = Bytes.of(" RET=")
    static let envelopeIdentifier = Bytes.of(" ENVID=")
    static let requireTLS = Bytes.of(" REQUIRETLS")
    static let notify = Bytes.of(" NOTIFY=")
  }
}
