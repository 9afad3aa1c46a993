/// An error with every field of the public error object.
///
/// One type for every layer: the code that detects the failure fills in what it
/// knows, and the layers above add phase and addresses.
package struct Failure: Error {
  package var code: ErrorCode {
    get { detail.code }
    set { own().code = newValue }
  }
  /// Why, as a number: what was set, or what reply and code say.
  package var kind: FailureKind {
    get { detail.kind == .none ? derivedKind : detail.kind }
    set { own().kind = newValue }
  }
  /// One sentence for a person: what happened, and what to do about it.
  package var message: String { detail.message.text }
  package var text: ErrorText {
    get { detail.message }
    set { own().message = newValue }
  }
  /// The command that failed, as in "RCPT TO"; "CONN" while connecting, "API"
  /// for a misuse of the interface.
  package var command: String {
    get { detail.command }
    set { own().command = newValue }
  }
  package var phase: Phase {
    get { detail.phase }
    set { own().phase = newValue }
  }
  package var reply: Reply? {
    get { detail.reply }
    set { own().reply = newValue }
  }
  package var recipient: [UInt8]? {
    get { detail.recipient }
    set { own().recipient = newValue }
  }
  package var errno: Int32 {
    get { detail.errno }
    set { own().errno = newValue }
  }
  package var tlsReason: String? {
    get { detail.tlsReason }
    set { own().tlsReason = newValue }
  }
  /// The names in a certificate that is for none that is expected.
  package var certificateNames: String? {
    get { detail.certificateNames }
    set { own().certificateNames = newValue }
  }
  package var addresses: String? {
    get { detail.addresses }
    set { own().addresses = newValue }
  }
  package var retry: Retry {
    get { detail.retry }
    set { own().retry = newValue }
  }

  @inline(never)
  package init(
    _ code: ErrorCode, _ message: ErrorText, command: String = "API", phase: Phase = .options,
    retry: Retry = .no, kind: FailureKind = .none
  ) {
    detail = Detail(code, message, command, phase, retry, kind)
  }

  /// A failure is rare, large, and part of many results: with one reference to it
  /// those results stay small. It is copied on write.
  private var detail: Detail

  /// The same failure, not only an equal one.
  package func isIdentical(to other: Failure) -> Bool { detail === other.detail }

  private mutating func own() -> Detail {
    if !isKnownUniquelyReferenced(&detail) { detail = Detail(detail) }
    return detail
  }

  /// Never changed while shared, which makes it safe to send.
  private final class Detail: @unchecked Sendable {
    var code: ErrorCode
    var kind: FailureKind
    var message: ErrorText
    var command: String
    var phase: Phase
    var reply: Reply?
    var recipient: [UInt8]?
    var errno: Int32 = 0
    var tlsReason: String?
    var certificateNames: String?
    var addresses: String?
    var retry: Retry

    init(
      _ code: ErrorCode, _ message: ErrorText, _ command: String, _ phase: Phase, _ retry: Retry,
      _ kind: FailureKind
    ) {
      self.code = code
      self.kind = kind
      self.message = message
      self.command = command
      self.phase = phase
      self.retry = retry
    }

    init(_ other: Detail) {
      code = other.code
      kind = other.kind
      message = other.message
      command = other.command
      phase = other.phase
      reply = other.reply
      recipient = other.recipient
      errno = other.errno
      tlsReason = other.tlsReason
      certificateNames = other.certificateNames
      addresses = other.addresses
      retry = other.retry
    }
  }
}

/// The numbers of `enum smtpconn_code`.
package enum ErrorCode: Int32, CaseIterable {
  case dns = -1
  case connection = -2
  case socket = -3
  case timedOut = -4
  case tls = -5
  case requireTLS = -6
  case protocolViolation = -7
  case envelope = -8
  case message = -9
  case stream = -10
  case auth = -11
  case oauth2 = -12
  case proxy = -13
  case options = -14
  case state = -15
  case cancelled = -16
  case command = -17
  case full = -18
}

/// What the connection was doing.
package enum Phase {
  case options, dns, connect, proxy, tls, greeting, hello, starttls, auth, envelope, message, reset
  case quit, command, idle
}

/// The numbers of `enum smtpconn_retry`.
package enum Retry: Int32 {
  case no = 0
  case safe = 1
  case unknown = 2
}
