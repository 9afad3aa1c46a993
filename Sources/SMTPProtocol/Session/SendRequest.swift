/// The commands of one transaction, without the content.
package struct SendRequest {
  package struct Recipient {
    package var mailbox: Mailbox
    package var notify: DeliveryStatus.Notify?
    package var originalRecipient: DeliveryStatus.OriginalRecipient?
    /// Parameters of RCPT that few messages have.
    package var parameters = ESMTPParameters()

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
  /// Parameters of MAIL that few messages have.
  package var parameters: ESMTPParameters {
    get { envelope.parameters }
    _modify {
      let envelope = own()
      envelope.hasParameters = true
      yield &envelope.parameters
    }
  }
  /// False when no command has parameters that few messages have.
  var hasParameters: Bool { envelope.hasParameters }
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

  package mutating func removeRecipients() {
    recipients = []
    localPart = nil
  }

  package var mailboxes: [Mailbox] { recipients.map { $0.mailbox } }

  /// The same to these recipients only, by their place; nil: to all.
  package func limited(to places: [Int]?) -> SendRequest {
    guard let places else { return self }
    var request = self
    request.recipients = places.map { recipients[$0] }
    return request
  }

  /// Changes a recipient; there must be one of this number.
  package mutating func changeRecipient(_ index: Int, _ change: (inout Recipient) -> Void) {
    change(&recipients[index])
    if !recipients[index].parameters.isEmpty { own().hasParameters = true }
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
    var parameters = ESMTPParameters()
    var hasParameters = false

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
      parameters = other.parameters
      hasParameters = other.hasParameters
    }
  }

  /// The size sent to the server and compared with its limit.
  var expectedSize: UInt64? { (isBinary ? survey?.octets : survey?.size) ?? size }

  /// An address that cannot be sent without SMTPUTF8.
  var onlyInternational: Mailbox? {
    if let from, from.needsSMTPUTF8 { return from }
    return recipients.first { $0.mailbox.needsSMTPUTF8 }?.mailbox
  }

  /// An address that is not ASCII.
  var internationalized: Mailbox? {
    if let from, from.isInternationalized { return from }
    return recipients.first { $0.mailbox.isInternationalized }?.mailbox
  }
}
