@testable import SMTPProtocol

/// A log, as text.
final class LogLines {
  let log = DialogueLog()
  private(set) var texts: [String] = []

  init() {
    log.onLine = { [weak self] direction, line in
      self?.texts.append("\(direction == .client ? "C:" : "S:") \(text(line))")
    }
  }
}
