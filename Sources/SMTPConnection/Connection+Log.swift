import SMTPProtocol

/// A line of the log.
package struct LogRecord {
  /// The numbers of `enum smtpconn_log_level`.
  package enum Level: Int32 { case debug = 0, info, warning, error }
  /// The numbers of `enum smtpconn_log_kind`.
  package enum Kind: Int32 { case network = 0, tls, smtp, client, server, message }

  package let level: Level
  package let kind: Kind
  package let text: [UInt8]
}

/// The log. Without a callback nothing is put together.
extension Connection {
  func note(_ kind: LogRecord.Kind, _ text: @autoclosure () -> Message, level: LogRecord.Level = .info)
  {
    guard let onLog else { return }
    onLog(LogRecord(level: level, kind: kind, text: text().bytes))
  }

  /// Hands on what the session wrote down of the dialogue.
  func flushLog() {
    guard let entries = session?.log, !entries.isEmpty else { return }
    session?.log = []
    guard let onLog else { return }
    for entry in entries {
      let kind: LogRecord.Kind = entry.direction == .client ? .client : .server
      onLog(LogRecord(level: .debug, kind: kind, text: entry.text))
    }
  }

  func logContent(_ octets: [UInt8]) {
    guard let onLog else { return }
    for line in octets.split(separator: 0x0A) {
      let text = line.last == 0x0D ? line.dropLast() : line
      onLog(LogRecord(level: .debug, kind: .message, text: Array(text)))
    }
  }
}
