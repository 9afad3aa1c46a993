import CSMTPConn
import SMTPConnABI

/// What the callbacks of a test saw, in order. Tests run the loop on their own
/// thread, so nothing here is shared.
final class Record {
  var events: [String] = []
  var onDone: (() -> Void)?

  func note(_ text: String) { events.append(text) }

  var pointer: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

  static func at(_ user: UnsafeMutableRawPointer?) -> Record? {
    guard let user = user else { return nil }
    return Unmanaged<Record>.fromOpaque(user).takeUnretainedValue()
  }
}

func text(_ pointer: UnsafePointer<CChar>?) -> String? {
  pointer.map { String(cString: $0) }
}

func errorName(_ error: OpaquePointer?) -> String {
  text(smtpconn_error_name(error)) ?? "OK"
}

/// A code as the functions return it.
func code(_ code: smtpconn_code) -> CInt { CInt(code.rawValue) }

let done: smtpconn_done_callback = { _, error, user in
  let record = Record.at(user)
  record?.note("done " + errorName(error))
  record?.onDone?()
}

let sent: smtpconn_send_callback = { _, error, result, user in
  let record = Record.at(user)
  var line = "sent " + errorName(error)
  for index in 0..<(smtpconn_result_count(result)) {
    line += " \(smtpconn_result_status(result, index))"
  }
  record?.note(line)
  record?.onDone?()
}

let replied: smtpconn_reply_callback = { _, error, reply, user in
  let record = Record.at(user)
  let lines = (0..<smtpconn_reply_line_count(reply)).map {
    text(smtpconn_reply_line(reply, $0)) ?? "none"
  }
  record?.note("replied \(errorName(error)) \(smtpconn_reply_code(reply)) \(lines)")
  record?.onDone?()
}

let event: smtpconn_event_callback = { _, user in Record.at(user)?.note("event") }

/// A connection to a port of this machine, freed at the end of the test.
final class Client {
  let handle: OpaquePointer?
  let record = Record()
  private(set) var isFreed = false

  init(port: CInt, loop: OpaquePointer? = nil, change: (OpaquePointer?) -> Void = { _ in }) {
    let options = smtpconn_options_new()
    _ = smtpconn_options_set_host(options, "127.0.0.1")
    _ = smtpconn_options_set_port(options, port)
    change(options)
    handle = smtpconn_new(options, loop)
    smtpconn_options_free(options)
    smtpconn_set_end_callback(handle, event, record.pointer)
  }

  deinit { free() }

  func free() {
    if !isFreed {
      isFreed = true
      smtpconn_free(handle)
    }
  }

  func connect() -> CInt { smtpconn_connect(handle, done, record.pointer) }
  func quit() -> CInt { smtpconn_quit(handle, done, record.pointer) }
  func reset() -> CInt { smtpconn_reset(handle, done, record.pointer) }
  func noop() -> CInt { smtpconn_noop(handle, replied, record.pointer) }
  func expand(_ list: String) -> CInt { smtpconn_expand(handle, list, replied, record.pointer) }
  func run() -> CInt { smtpconn_run(handle) }
  var lastError: String? { text(smtpconn_error_message(smtpconn_last_error(handle))) }

  func send(to recipients: [String], _ message: String = "Subject: x\r\n\r\nbody\r\n") -> CInt {
    let octets = Array(message.utf8)
    let message = smtpconn_message_new_copy(octets, octets.count)
    defer { smtpconn_message_free(message) }
    return send(to: recipients, message: message)
  }

  func send(to recipients: [String], message: OpaquePointer?) -> CInt {
    let envelope = smtpconn_envelope_new()
    defer { smtpconn_envelope_free(envelope) }
    _ = smtpconn_envelope_set_from(envelope, "sender@example.org")
    for recipient in recipients {
      _ = smtpconn_envelope_add_to(envelope, recipient)
    }
    return smtpconn_send(handle, envelope, message, sent, record.pointer)
  }
}
