import COpenSSL

/// Sessions that a server gave to be resumed (RFC 8446 section 2.2, RFC 5077).
///
/// A session is removed to be used: in TLS 1.3 it is used once (RFC 8446 appendix C.4), before
/// that it is put back when the handshake has succeeded. Sessions are copied on the way in, so
/// threads share this object but never a session.
@safe package final class TLSSessions {
  /// Seconds from the verification of a certificate to the next one. Sessions come of
  /// sessions, so RFC 8446 section 4.6.1 asks for a limit; RFC 5246 appendix F.1.4 has this one.
  static let lifetime: UInt64 = 86_400

  let lock = Lock()
  /// Newest first. Servers send one or two for each connection, so this is enough for several
  /// connections opened at once; more would only be older.
  private var kept = unsafe InlineArray<8, OpaquePointer?>(repeating: nil)

  init() {}

  deinit { forget() }

  /// The session stays the caller's.
  func keep(_ session: OpaquePointer?) {
    if let session = unsafe session { unsafe insert(SSL_SESSION_dup(session)) }
  }

  /// Takes out the newest, for the caller to free.
  func take() -> OpaquePointer? {
    var rising: OpaquePointer?
    lock.locked {
      for index in unsafe kept.indices.reversed() { unsafe swap(&kept[index], &rising) }
    }
    return unsafe rising
  }

  private func insert(_ session: OpaquePointer?) {
    var falling = unsafe session
    lock.locked {
      for index in unsafe kept.indices { unsafe swap(&kept[index], &falling) }
    }
    unsafe SSL_SESSION_free(falling)
  }

  func forget() {
    while let session = unsafe take() { unsafe SSL_SESSION_free(session) }
  }

  // MARK: Import and export

  /// Adds an exported session; false when the octets are no session.
  package func add(_ octets: UnsafeBufferPointer<UInt8>) -> Bool {
    ERR_clear_error()
    let session = unsafe copenssl_read_session(octets.baseAddress, octets.count)
    ERR_clear_error()
    guard unsafe session != nil else { return false }
    unsafe insert(session)
    return true
  }

  /// Exports the newest, if there is room for it. Its length, 0 without one.
  package func export(into room: UnsafeMutableRawBufferPointer) -> Int {
    guard let session = unsafe take() else { return 0 }
    let count = max(0, Int(unsafe i2d_SSL_SESSION(session, nil)))
    if count > room.count {
      unsafe insert(session)
    } else {
      var start = unsafe room.baseAddress?.assumingMemoryBound(to: UInt8.self)
      _ = unsafe i2d_SSL_SESSION(session, &start)
      unsafe SSL_SESSION_free(session)
    }
    return count
  }
}
