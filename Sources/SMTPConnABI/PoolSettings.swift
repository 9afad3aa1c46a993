import CSMTPConn
import SMTPConnection
import SMTPProtocol

// What a pool may do.

private func check(
  _ name: StaticString, _ value: Int, _ range: ClosedRange<Int>
) throws(Failure) {
  guard !range.contains(value) else { return }
  throw Failure(
    .options,
    "\(name.description) must be \(range.lowerBound) to \(range.upperBound), not \(value)")
}

@_cdecl("smtpconn_pool_set_connections") @implementation
public func smtpconn_pool_set_connections(_ pool: OpaquePointer?, _ count: CInt) -> CInt {
  unsafe change(pool) { (pool) throws(Failure) in
    try check("connections", Int(count), 1...1_000)
    pool.settings.connections = Int(count)
  }
}

@_cdecl("smtpconn_pool_set_messages_per_connection") @implementation
public func smtpconn_pool_set_messages_per_connection(
  _ pool: OpaquePointer?, _ count: CInt
) -> CInt {
  unsafe change(pool) { (pool) throws(Failure) in
    try check("messages_per_connection", Int(count), 0...Int(CInt.max))
    pool.settings.messagesPerConnection = Int(count)
  }
}

/// nil for what is no rate.
private func rate(
  _ name: StaticString, _ most: CInt, _ milliseconds: UInt32
) throws(Failure) -> PoolRate {
  try check(name, Int(most), 0...1_000_000)
  if (most == 0) != (milliseconds == 0) {
    throw Failure(
      .options, "\(name.description) needs a number and a duration; both are 0 for no rate")
  }
  return PoolRate(most: Int(most), period: Int64(milliseconds))
}

@_cdecl("smtpconn_pool_set_rate") @implementation
public func smtpconn_pool_set_rate(
  _ pool: OpaquePointer?, _ messages: CInt, _ milliseconds: UInt32
) -> CInt {
  unsafe change(pool) { (pool) throws(Failure) in
    pool.rate = try rate("rate", messages, milliseconds)
  }
}

@_cdecl("smtpconn_pool_set_recipient_rate") @implementation
public func smtpconn_pool_set_recipient_rate(
  _ pool: OpaquePointer?, _ recipients: CInt, _ milliseconds: UInt32
) -> CInt {
  unsafe change(pool) { (pool) throws(Failure) in
    pool.recipientRate = try rate("recipient_rate", recipients, milliseconds)
  }
}

@_cdecl("smtpconn_pool_set_idle_time") @implementation
public func smtpconn_pool_set_idle_time(_ pool: OpaquePointer?, _ milliseconds: UInt32) -> CInt {
  unsafe change(pool) { $0.settings.idleTime = Int64(milliseconds) }
}

@_cdecl("smtpconn_pool_set_backoff") @implementation
public func smtpconn_pool_set_backoff(
  _ pool: OpaquePointer?, _ first: UInt32, _ most: UInt32
) -> CInt {
  unsafe change(pool) { (pool) throws(Failure) in
    if first > most {
      throw Failure(.options, "the first backoff must not be longer than the longest one")
    }
    pool.settings.firstBackoff = Int64(first)
    pool.settings.longestBackoff = Int64(most)
  }
}

@_cdecl("smtpconn_pool_set_failures") @implementation
public func smtpconn_pool_set_failures(_ pool: OpaquePointer?, _ count: CInt) -> CInt {
  unsafe change(pool) { (pool) throws(Failure) in
    try check("failures", Int(count), 1...Int(CInt.max))
    pool.settings.failures = Int(count)
  }
}

@_cdecl("smtpconn_pool_set_tries") @implementation
public func smtpconn_pool_set_tries(
  _ pool: OpaquePointer?, _ tries: CInt, _ delay: UInt32, _ time: UInt32
) -> CInt {
  unsafe change(pool) { (pool) throws(Failure) in
    try check("tries", Int(tries), 1...Int(CInt.max))
    pool.settings.tries = Int(tries)
    pool.settings.tryDelay = Int64(delay)
    pool.settings.tryTime = Int64(time)
  }
}

@_cdecl("smtpconn_pool_set_queue_limit") @implementation
public func smtpconn_pool_set_queue_limit(_ pool: OpaquePointer?, _ messages: Int) -> CInt {
  // A `size_t` beyond the signed range arrives as a negative number.
  unsafe change(pool) { $0.settings.queueLimit = messages < 0 ? .max : messages }
}
