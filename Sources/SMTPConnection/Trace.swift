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

extension Failure {
  /// The text and the kind.
  var logged: ErrorText { kind == .none ? text : "\(text) [\(kind.name)]" }
}

/// The log. Without a callback no line is made. Lines are in the same queue as the callbacks,
/// and go to the log callback that is set when their turn comes.
final class Trace {
  private let callbacks: CallbackQueue
  private let logsDialogue: Bool
  /// The option `debug`: content too, which is copied for that.
  let logsContent: Bool
  /// Where the session writes down what is said.
  let dialogue = DialogueLog()
  var onLine: ((LogRecord) -> Void)? {
    didSet { dialogue.onLine = logsDialogue && isOn ? { [self] in append($0, $1) } : nil }
  }

  init(_ options: Options, _ callbacks: CallbackQueue) {
    self.callbacks = callbacks
    logsDialogue = options.logsDialogue
    logsContent = options.debug
  }

  var isOn: Bool { onLine != nil }

  func note(
    _ kind: LogRecord.Kind, _ text: @autoclosure () -> ErrorText, level: LogRecord.Level = .info
  ) {
    if isOn { append(LogRecord(level: level, kind: kind, text: text().bytes)) }
  }

  private func append(_ record: LogRecord) {
    callbacks.append { [self] in onLine?(record) }
  }

  private func append(_ direction: DialogueLog.Direction, _ line: [UInt8]) {
    let kind: LogRecord.Kind = direction == .client ? .client : .server
    append(LogRecord(level: .debug, kind: kind, text: line))
  }

  func content(_ octets: [UInt8]) {
    guard isOn else { return }
    for line in octets.split(separator: .lf) {
      let text = line.last == .cr ? line.dropLast() : line
      append(LogRecord(level: .debug, kind: .message, text: Array(text)))
    }
  }
}
