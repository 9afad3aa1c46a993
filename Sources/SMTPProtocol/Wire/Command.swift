/// The words of commands (RFC 5321 section 4.1.1).
enum Command {
  static let data = Bytes.of("DATA")
  static let chunk = Bytes.of("BDAT ")
  static let lastChunk = Bytes.of(" LAST")
  static let reset = Bytes.of("RSET")
  static let quit = Bytes.of("QUIT")
  static let startTLS = Bytes.of("STARTTLS")
  /// Cancels an authentication exchange (RFC 4954 section 4).
  static let cancelAuthentication = Bytes.of("*")
  /// No space after the colon.
  static let mail = Bytes.of("MAIL FROM:<")
  static let recipient = Bytes.of("RCPT TO:<")
  static let endOfPath = Bytes.of(">")
  /// What the log shows in the place of a secret.
  static let mask = Bytes.of("********")
}
