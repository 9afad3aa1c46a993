import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

// Callbacks that keep what they are given as a record, and taking the records.

/// Begins a record with the fields that all have. `more`: octets of the fields that follow them.
private func begin(
  _ kind: RecordKind, _ connection: OpaquePointer?, _ error: OpaquePointer?,
  _ user: UnsafeMutableRawPointer?, more: Int = 0, isSecret: Bool = false
) -> RecordQueue? {
  unsafe begin(
    kind, ConnectionPointer.borrow(connection)?.records, connection, error, user, more: more,
    isSecret: isSecret)
}

/// `owner`: the connection or the pool.
private func begin(
  _ kind: RecordKind, _ records: RecordQueue?, _ owner: OpaquePointer?, _ error: OpaquePointer?,
  _ user: UnsafeMutableRawPointer?, more: Int, isSecret: Bool = false
) -> RecordQueue? {
  guard
    let record = records?.begin(kind, fixed: RecordKind.header + more, isSecret: isSecret)
  else { return nil }
  record.put(UInt64(UInt(bitPattern: user)), at: 8)
  record.put(UInt64(UInt(bitPattern: owner)), at: 16)
  if let failure = unsafe Handle<ErrorHandle>.borrow(error)?.failure {
    record.put(failure.code.rawValue, at: 28)
    record.put(record.error(failure), at: 32)
  } else {
    record.put(UInt32(SMTPCONN_RECORD_PLAIN), at: 24)
  }
  return records
}

@_cdecl("smtpconn_keep_done") @implementation
public func smtpconn_keep_done(
  _ connection: OpaquePointer?, _ error: OpaquePointer?, _ user: UnsafeMutableRawPointer?
) {
  unsafe begin(.done, connection, error, user)?.end()
}

@_cdecl("smtpconn_keep_error") @implementation
public func smtpconn_keep_error(
  _ connection: OpaquePointer?, _ error: OpaquePointer?, _ user: UnsafeMutableRawPointer?
) {
  unsafe begin(.error, connection, error, user)?.end()
}

@_cdecl("smtpconn_keep_connected") @implementation
public func smtpconn_keep_connected(
  _ connection: OpaquePointer?, _ user: UnsafeMutableRawPointer?
) {
  unsafe begin(.connected, connection, nil, user)?.end()
}

@_cdecl("smtpconn_keep_ended") @implementation
public func smtpconn_keep_ended(_ connection: OpaquePointer?, _ user: UnsafeMutableRawPointer?) {
  unsafe begin(.ended, connection, nil, user)?.end()
}

@_cdecl("smtpconn_keep_sent") @implementation
public func smtpconn_keep_sent(
  _ connection: OpaquePointer?, _ error: OpaquePointer?, _ result: OpaquePointer?,
  _ user: UnsafeMutableRawPointer?
) {
  unsafe keepSent(ConnectionPointer.borrow(connection)?.records, connection, error, result, user)
}

@_cdecl("smtpconn_pool_keep_sent") @implementation
public func smtpconn_pool_keep_sent(
  _ pool: OpaquePointer?, _ error: OpaquePointer?, _ result: OpaquePointer?,
  _ user: UnsafeMutableRawPointer?
) {
  unsafe keepSent(PoolPointer.borrow(pool)?.loop.records, pool, error, result, user)
}

@inline(never)
private func keepSent(
  _ records: RecordQueue?, _ owner: OpaquePointer?, _ error: OpaquePointer?,
  _ result: OpaquePointer?, _ user: UnsafeMutableRawPointer?
) {
  guard let outcome = unsafe Handle<Outcome>.borrow(result),
    let records = unsafe begin(.sent, records, owner, error, user, more: 80)
  else { return }
  records.last?.result(outcome)
  records.end()
}

@_cdecl("smtpconn_keep_reply") @implementation
public func smtpconn_keep_reply(
  _ connection: OpaquePointer?, _ error: OpaquePointer?, _ reply: OpaquePointer?,
  _ user: UnsafeMutableRawPointer?
) {
  guard let records = unsafe begin(.reply, connection, error, user, more: 32) else { return }
  if let reply = unsafe Handle<ReplyHandle>.borrow(reply), let record = records.last {
    record.reply(reply.reply, code: 40, enhanced: 48, text: 56)
    let lines = record.room(8 * reply.lines.count)
    if lines > 0 {
      record.put(reply.lines.count, at: 64)
      record.put(lines, at: 68)
      for (index, line) in reply.lines.enumerated() { record.text(line, at: lines + 8 * index) }
    }
  }
  records.end()
}

@_cdecl("smtpconn_keep_log") @implementation
public func smtpconn_keep_log(
  _ connection: OpaquePointer?, _ level: CInt, _ kind: CInt, _ text: UnsafePointer<CChar>?,
  _ length: Int, _ user: UnsafeMutableRawPointer?
) {
  guard let text = unsafe cOctets(text, length),
    let dropped = unsafe ConnectionPointer.borrow(connection)?.records.roomForLine(),
    let records = unsafe begin(.log, connection, nil, user, more: 24)
  else { return }
  records.last?.put(level, at: 40)
  records.last?.put(kind, at: 44)
  unsafe records.last?.text(text, at: 48)
  records.last?.put(dropped, at: 56)
  records.end()
}

@_cdecl("smtpconn_keep_token") @implementation
public func smtpconn_keep_token(
  _ connection: OpaquePointer?, _ token: UnsafePointer<CChar>?, _ expires: UInt64,
  _ user: UnsafeMutableRawPointer?
) {
  guard let token = unsafe token,
    let records = unsafe begin(.token, connection, nil, user, more: 16, isSecret: true)
  else { return }
  records.last?.put(expires, at: 40)
  unsafe records.last?.text(cString(token), at: 48)
  records.end()
}

@_cdecl("smtpconn_keep_progress") @implementation
public func smtpconn_keep_progress(
  _ connection: OpaquePointer?, _ sent: UInt64, _ total: UInt64,
  _ sendUser: UnsafeMutableRawPointer?, _ user: UnsafeMutableRawPointer?
) {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return }
  // A record of the same that was not taken yet is out of date.
  let last = handle.records.last
  let isAgain =
    unsafe last?.endsWith(.progress) == true && last?.number(at: 8) == UInt64(tag(user))
    && last?.number(at: 16) == UInt64(UInt(bitPattern: connection))
    && last?.number(at: 56) == UInt64(tag(sendUser))
  if !isAgain {
    guard unsafe begin(.progress, connection, nil, user, more: 24) != nil else { return }
  }
  guard let record = handle.records.last else { return }
  record.put(sent, at: 40)
  record.put(total, at: 48)
  record.put(UInt64(unsafe tag(sendUser)), at: 56)
  if !isAgain { handle.records.end() }
}

// MARK: Taking

@_cdecl("smtpconn_loop_take_records") @implementation
public func smtpconn_loop_take_records(
  _ loop: OpaquePointer?, _ buffer: UnsafeMutableRawPointer?, _ capacity: Int,
  _ left: UnsafeMutablePointer<Int>?
) -> Int {
  unsafe take(LoopPointer.borrow(loop)?.records, buffer, capacity, left)
}

@_cdecl("smtpconn_take_records") @implementation
public func smtpconn_take_records(
  _ connection: OpaquePointer?, _ buffer: UnsafeMutableRawPointer?, _ capacity: Int,
  _ left: UnsafeMutablePointer<Int>?
) -> Int {
  unsafe take(ConnectionPointer.borrow(connection)?.records, buffer, capacity, left)
}

@_cdecl("smtpconn_loop_dispatch_records") @implementation
public func smtpconn_loop_dispatch_records(
  _ loop: OpaquePointer?, _ buffer: UnsafeMutableRawPointer?, _ capacity: Int,
  _ left: UnsafeMutablePointer<Int>?
) -> Int {
  // A callback may free the loop.
  guard let handle = unsafe LoopPointer.borrow(loop), unsafe buffer != nil || capacity == 0 else {
    return Int(nullHandle)
  }
  let result = runResult(handle.loop.dispatch())
  return result < 0 ? Int(result) : unsafe take(handle.records, buffer, capacity, left)
}

@inline(never)
private func take(
  _ records: RecordQueue?, _ buffer: UnsafeMutableRawPointer?, _ capacity: Int,
  _ left: UnsafeMutablePointer<Int>?
) -> Int {
  guard let records, unsafe buffer != nil || capacity == 0 else { return Int(nullHandle) }
  // A `size_t` beyond the signed range arrives as a negative number.
  let room = unsafe UnsafeMutableRawBufferPointer(
    start: buffer, count: capacity < 0 ? .max : capacity)
  let taken = unsafe records.take(into: room)
  unsafe left?.pointee = records.left
  return taken
}
