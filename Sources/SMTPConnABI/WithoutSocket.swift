import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

// A connection without a socket.

@_cdecl("smtpconn_new_without_socket") @implementation
public func smtpconn_new_without_socket(_ options: OpaquePointer?) -> OpaquePointer? {
  let given = unsafe OptionsPointer.borrow(options)
  var values = given?.options ?? Options()
  values.pipe = MemoryPipe()
  let isValid = given?.perform { () throws(Failure) in try values.validate() } ?? 0
  guard isValid == 0 else { return nil }
  return unsafe ConnectionPointer.make(ConnectionHandle(Connection(withoutSocket: values), nil))
}

@_cdecl("smtpconn_feed") @implementation
public func smtpconn_feed(
  _ connection: OpaquePointer?, _ octets: UnsafeRawPointer?, _ length: Int, _ now: UInt64
) -> Int {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return Int(nullHandle) }
  return handle.count { () throws(Failure) in
    guard let octets = unsafe cOctets(octets, length) else {
      throw Failure(.state, "the octets are missing: NULL, and a length that is not 0")
    }
    return try unsafe handle.connection.feed(octets.span, at: now)
  }
}

@_cdecl("smtpconn_feed_end") @implementation
public func smtpconn_feed_end(
  _ connection: OpaquePointer?, _ error: CInt, _ now: UInt64
) -> CInt {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nullHandle }
  return handle.perform { () throws(Failure) in try handle.connection.finish(error, at: now) }
}

@_cdecl("smtpconn_take") @implementation
public func smtpconn_take(
  _ connection: OpaquePointer?, _ buffer: UnsafeMutableRawPointer?, _ capacity: Int,
  _ now: UInt64
) -> Int {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return Int(nullHandle) }
  return handle.count { () throws(Failure) in
    guard unsafe buffer != nil || capacity == 0 else {
      throw Failure(.state, "the buffer is missing: NULL, and a capacity that is not 0")
    }
    // A `size_t` beyond the signed range arrives as a negative number.
    let room = unsafe UnsafeMutableBufferPointer(
      start: buffer?.assumingMemoryBound(to: UInt8.self), count: capacity < 0 ? .max : capacity)
    var span = unsafe room.mutableSpan
    return try handle.connection.take(into: &span, at: now)
  }
}

@_cdecl("smtpconn_wants_take") @implementation
public func smtpconn_wants_take(_ connection: OpaquePointer?) -> CInt {
  unsafe ConnectionPointer.borrow(connection)?.connection.wantsTake == true ? 1 : 0
}

@_cdecl("smtpconn_deadline") @implementation
public func smtpconn_deadline(_ connection: OpaquePointer?) -> UInt64 {
  unsafe ConnectionPointer.borrow(connection)?.connection.deadline ?? .max
}

@_cdecl("smtpconn_tick") @implementation
public func smtpconn_tick(_ connection: OpaquePointer?, _ now: UInt64) -> CInt {
  guard let handle = unsafe ConnectionPointer.borrow(connection) else { return nullHandle }
  let result = handle.perform { () throws(Failure) in try handle.connection.tick(at: now) }
  if result < 0 { return result }
  return handle.connection.pending > 0 ? 1 : 0
}

extension ConnectionHandle {
  /// Runs a call that counts octets, and turns what it throws into the result for C.
  fileprivate func count(_ call: () throws(Failure) -> Int) -> Int {
    var count = 0
    let result = perform { () throws(Failure) in count = try call() }
    return result < 0 ? Int(result) : count
  }
}
