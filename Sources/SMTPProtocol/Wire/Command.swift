/// A command line, without its CRLF.
///
/// The one place where octets become a command: what reaches `line` has passed
/// the check in `init`, so nothing that a caller gave can end a command or start
/// another one.
package struct Command {
  package let line: [UInt8]
  /// What the log may show; the same as `line` unless that holds a secret.
  package let shown: [UInt8]

  package static let mask = Bytes.of("********")

  /// nil when a control character is inside.
  package init?(_ line: [UInt8], shown: [UInt8]? = nil) {
    guard !line.contains(where: { Bytes.isControl($0) }) else { return nil }
    self.line = line
    self.shown = shown ?? line
  }

  private init(fixed: StaticString) {
    line = Bytes.of(fixed)
    shown = line
  }

  package static var data: Command { Command(fixed: "DATA") }
  package static var reset: Command { Command(fixed: "RSET") }
  package static var quit: Command { Command(fixed: "QUIT") }
  package static var startTLS: Command { Command(fixed: "STARTTLS") }
  /// Cancels an authentication exchange (RFC 4954 section 4).
  package static var cancelAuthentication: Command { Command(fixed: "*") }

  package static func hello(_ verb: StaticString, name: [UInt8]) -> Command? {
    Command(Bytes.of(verb) + [0x20] + name)
  }

  /// `MAIL FROM:<reverse-path> parameters` (RFC 5321 section 4.1.1.2).
  package static func mail(from: Mailbox?, parameters: [[UInt8]]) -> Command? {
    var line = Bytes.of("MAIL FROM:<") + (from?.bytes ?? []) + [0x3E]
    for parameter in parameters { line += [0x20] + parameter }
    return Command(line)
  }

  /// `RCPT TO:<forward-path> parameters` (RFC 5321 section 4.1.1.3).
  package static func recipient(_ mailbox: Mailbox, parameters: [[UInt8]] = []) -> Command? {
    var line = Bytes.of("RCPT TO:<") + mailbox.bytes + [0x3E]
    for parameter in parameters { line += [0x20] + parameter }
    return Command(line)
  }
}
