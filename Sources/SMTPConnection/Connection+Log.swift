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

/// The log. Without a callback no line is made. Lines are in the same queue as the callbacks,
/// and go to the log callback that is set when they are delivered.
extension Connection {
  /// Whether the session is to record the dialogue.
  var tracesDialogue: Bool { options.logsDialogue && onLog != nil }

  func note(
    _ kind: LogRecord.Kind, _ text: @autoclosure () -> ErrorText, level: LogRecord.Level = .info
  ) {
    guard onLog != nil else { return }
    queueLog(LogRecord(level: level, kind: kind, text: text().bytes))
  }

  private func queueLog(_ record: LogRecord) {
    begin()
    deliveries.append(.log(record))
  }

  /// Passes on what the session has recorded.
  func flushLog() {
    guard let entries = session?.takeLog(), onLog != nil else { return }
    for entry in entries {
      let kind: LogRecord.Kind = entry.direction == .client ? .client : .server
      queueLog(LogRecord(level: .debug, kind: kind, text: entry.text))
    }
  }

  func logContent(_ octets: [UInt8]) {
    guard onLog != nil else { return }
    for line in octets.split(separator: .lf) {
      let text = line.last == .cr ? line.dropLast() : line
      queueLog(LogRecord(level: .debug, kind: .message, text: Array(text)))
    }
  }
}
