import SMTPProtocol

/// The log. Without a callback nothing is put together.
extension Connection {
  func note(_ kind: LogRecord.Kind, _ text: @autoclosure () -> String, level: LogRecord.Level = .info)
  {
    guard let onLog else { return }
    onLog(LogRecord(level: level, kind: kind, text: Array(text().utf8)))
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
      onLog(LogRecord(level: .debug, kind: .message, text: Array(line)))
    }
  }
}
