import CSMTPConn
import SMTPConnection
import SMTPProtocol

// Callbacks that keep what they are given as a record, and taking the records.

/// Appends a record that has nothing but the fields of all, and an error.
private func keep(
  _ kind: RecordKind, _ connection: OpaquePointer?, _ error: OpaquePointer?,
  _ user: UnsafeMutableRawPointer?
) {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return }
  let failure = unsafe Handle<ErrorHandle>.borrow(error)?.failure
  handle.records.append(kind, fixed: RecordWriter.header) { record in
    unsafe record.begin(connection, user, failure, isPlain: failure == nil)
  }
}

@_cdecl("smtpconn_keep_done") @implementation
public func smtpconn_keep_done(
  _ connection: OpaquePointer?, _ error: OpaquePointer?, _ user: UnsafeMutableRawPointer?
) {
  unsafe keep(.done, connection, error, user)
}

@_cdecl("smtpconn_keep_error") @implementation
public func smtpconn_keep_error(
  _ connection: OpaquePointer?, _ error: OpaquePointer?, _ user: UnsafeMutableRawPointer?
) {
  unsafe keep(.error, connection, error, user)
}

@_cdecl("smtpconn_keep_connected") @implementation
public func smtpconn_keep_connected(
  _ connection: OpaquePointer?, _ user: UnsafeMutableRawPointer?
) {
  unsafe keep(.connected, connection, nil, user)
}

@_cdecl("smtpconn_keep_ended") @implementation
public func smtpconn_keep_ended(_ connection: OpaquePointer?, _ user: UnsafeMutableRawPointer?) {
  unsafe keep(.ended, connection, nil, user)
}

@_cdecl("smtpconn_keep_sent") @implementation
public func smtpconn_keep_sent(
  _ connection: OpaquePointer?, _ error: OpaquePointer?, _ result: OpaquePointer?,
  _ user: UnsafeMutableRawPointer?
) {
  guard let handle = unsafe ConnectionPointer.borrow(connection),
    let outcome = unsafe Handle<Outcome>.borrow(result)
  else { return }
  let failure = unsafe Handle<ErrorHandle>.borrow(error)?.failure
  handle.records.append(.sent, fixed: RecordWriter.outcome) { record in
    record.write(outcome)
    let isPlain = failure == nil && outcome.isAcceptedByAll
    unsafe record.begin(connection, user, failure, isPlain: isPlain)
  }
}

@_cdecl("smtpconn_keep_reply") @implementation
public func smtpconn_keep_reply(
  _ connection: OpaquePointer?, _ error: OpaquePointer?, _ reply: OpaquePointer?,
  _ user: UnsafeMutableRawPointer?
) {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return }
  let failure = unsafe Handle<ErrorHandle>.borrow(error)?.failure
  let reply = unsafe Handle<ReplyHandle>.borrow(reply)
  handle.records.append(.reply, fixed: RecordWriter.header + 32) { record in
    unsafe record.begin(connection, user, failure, isPlain: failure == nil)
    guard let reply else { return }
    record.put(Int32(truncatingIfNeeded: reply.reply.code), at: 40)
    record.reply(reply.reply, text: 56, enhanced: 48)
    let lines = record.room(8 * reply.lines.count)
    guard lines > 0 else { return }
    record.put(reply.lines.count, at: 64)
    record.put(lines, at: 68)
    for (index, line) in reply.lines.enumerated() { record.text(line, at: lines + 8 * index) }
  }
}

@_cdecl("smtpconn_keep_log") @implementation
public func smtpconn_keep_log(
  _ connection: OpaquePointer?, _ level: CInt, _ kind: CInt, _ text: UnsafePointer<CChar>?,
  _ length: Int, _ user: UnsafeMutableRawPointer?
) {
  guard let handle = unsafe ConnectionPointer.borrow(connection),
    let text = unsafe cOctets(text, length), let dropped = handle.records.roomForLine()
  else { return }
  handle.records.append(.log, fixed: RecordWriter.header + 24) { record in
    unsafe record.begin(connection, user, nil, isPlain: true)
    record.put(level, at: 40)
    record.put(kind, at: 44)
    unsafe record.text(text, at: 48)
    record.put(dropped, at: 56)
  }
}

@_cdecl("smtpconn_keep_token") @implementation
public func smtpconn_keep_token(
  _ connection: OpaquePointer?, _ token: UnsafePointer<CChar>?, _ expires: UInt64,
  _ user: UnsafeMutableRawPointer?
) {
  guard let handle = unsafe ConnectionPointer.borrow(connection), let token = unsafe token else {
    return
  }
  let octets = unsafe cString(token)
  handle.records.append(.token, fixed: RecordWriter.header + 16, isSecret: true) { record in
    unsafe record.begin(connection, user, nil, isPlain: true)
    record.put(expires, at: 40)
    unsafe record.text(octets, at: 48)
  }
}

@_cdecl("smtpconn_loop_take_records") @implementation
public func smtpconn_loop_take_records(
  _ loop: OpaquePointer?, _ buffer: UnsafeMutableRawPointer?, _ capacity: Int,
  _ left: UnsafeMutablePointer<Int>?
) -> Int {
  guard let handle = unsafe LoopPointer.borrow(loop) else { return Int(nullHandle) }
  return unsafe take(handle.records, buffer, capacity, left)
}

@_cdecl("smtpconn_take_records") @implementation
public func smtpconn_take_records(
  _ connection: OpaquePointer?, _ buffer: UnsafeMutableRawPointer?, _ capacity: Int,
  _ left: UnsafeMutablePointer<Int>?
) -> Int {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return Int(nullHandle) }
  return unsafe take(handle.records, buffer, capacity, left)
}

private func take(
  _ records: RecordQueue, _ buffer: UnsafeMutableRawPointer?, _ capacity: Int,
  _ left: UnsafeMutablePointer<Int>?
) -> Int {
  guard unsafe buffer != nil || capacity == 0 else { return Int(nullHandle) }
  // A `size_t` beyond the signed range arrives as a negative number.
  let room = unsafe UnsafeMutableRawBufferPointer(
    start: buffer, count: capacity < 0 ? .max : capacity)
  let taken = unsafe records.take(into: room)
  unsafe left?.pointee = records.left
  return taken
}
