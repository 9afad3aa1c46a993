/// Why something did not work, with all that the caller may want to know of it.
///
/// One type for every layer: whoever finds the failure fills in what it knows,
/// and the layers above add (phase, addresses) without losing anything.
package struct Failure: Error {
  package var code: ErrorCode
  /// One sentence for a person: what happened, and what to do about it.
  package var message: String
  /// The command that failed, as in "RCPT TO"; "CONN" while connecting, "API"
  /// for a misuse of the interface.
  package var command: String
  package var phase: Phase
  package var reply: Reply?
  package var recipient: [UInt8]?
  package var errno: Int32 = 0
  package var tlsReason: String?
  package var addresses: String?
  package var retry: Retry

  package init(
    _ code: ErrorCode, _ message: String, command: String = "API", phase: Phase = .options,
    retry: Retry = .no
  ) {
    self.code = code
    self.message = message
    self.command = command
    self.phase = phase
    self.retry = retry
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
}

/// Where on its way the connection was.
package enum Phase {
  case options, dns, connect, tls, greeting, hello, starttls, auth, envelope, message, reset, quit
  case idle
}

/// The numbers of `enum smtpconn_retry`.
package enum Retry: Int32 {
  case no = 0
  case safe = 1
  case unknown = 2
}
