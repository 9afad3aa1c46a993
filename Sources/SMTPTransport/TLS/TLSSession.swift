import COpenSSL
import CSystem
import SMTPProtocol

/// What was negotiated in a handshake.
package struct TLSInfo {
  /// "TLSv1.3"
  package var version: String
  package var cipher: String
  /// The name in the certificate that is the server's; nil when the certificate
  /// was not verified, or was verified by IP address.
  package var peerName: String?
  /// By a session of an earlier connection.
  package var isResumed: Bool
}

/// An SSL object over a socket or another `Wire`, which somebody else closes, or over the TLS of a
/// proxy.
///
/// Each call empties OpenSSL's error queue first, as SSL_get_error asks for,
/// and takes out what the call left there.
@safe final class TLSSession {
  enum Step {
    case done(Int)
    case wantsRead
    case wantsWrite
    /// The peer ended the stream.
    case closed
    case system(Errno)
    case failed(TLSErrorQueue)
  }

  /// Keeps the method of the BIO alive.
  private let context: TLSContext
  private let ssl: OpaquePointer
  /// The session with the proxy, whose socket this is over too.
  private let outer: TLSSession?
  private let state: UnsafeMutablePointer<WireBIO.State>
  private(set) var isEstablished = false
  /// Why the server is refused although its certificate is trusted.
  private(set) var objection: TLSObjection?
  private var hasGoodStaple = false
  /// Secrets of the handshake, for the caller.
  private var keyLines: [Secret] = []
  /// After a fatal error not even close_notify may be sent.
  private var isBroken = false
  /// Octets in the record that is under way.
  private var unfinished = 0
  /// The name that the certificate must have, NUL-terminated.
  private var expected: [CChar] = [0]
  private var expectsAddress: Int32 = 0

  /// nil when memory is short.
  convenience init?(_ context: TLSContext, over wire: Wire) {
    ERR_clear_error()
    guard let ssl = unsafe SSL_new(context.pointer) else { return nil }
    let state = UnsafeMutablePointer<WireBIO.State>.allocate(capacity: 1)
    unsafe state.initialize(to: WireBIO.State(wire: wire))
    guard let bio = unsafe WireBIO.make(context.method, state) else {
      unsafe SSL_free(ssl)
      unsafe state.deinitialize(count: 1)
      unsafe state.deallocate()
      return nil
    }
    unsafe self.init(context, ssl, bio, state, nil)
  }

  /// Inside the session with a proxy; nil when memory is short.
  convenience init?(_ context: TLSContext, inside outer: TLSSession) {
    ERR_clear_error()
    guard let ssl = unsafe SSL_new(context.pointer) else { return nil }
    guard let bio = unsafe copenssl_bio_inside(outer.ssl) else {
      unsafe SSL_free(ssl)
      return nil
    }
    unsafe self.init(context, ssl, bio, outer.state, outer)
  }

  private init(
    _ context: TLSContext, _ ssl: OpaquePointer, _ bio: OpaquePointer,
    _ state: UnsafeMutablePointer<WireBIO.State>, _ outer: TLSSession?
  ) {
    unsafe SSL_set_bio(ssl, bio, bio)
    unsafe SSL_set_connect_state(ssl)
    self.context = context
    self.outer = outer
    unsafe self.ssl = unsafe ssl
    unsafe self.state = unsafe state
    unsafe copenssl_set_owner(ssl, Unmanaged.passUnretained(self).toOpaque())
  }

  deinit {
    // The sessions that are kept are copies. OpenSSL would look for one to mark as bad, with a
    // lock that another thread may have held when this process was forked.
    unsafe SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN)
    // The BIO inside it ends it with SSL_shutdown, which would write, and read.
    if let outer { unsafe SSL_set_quiet_shutdown(outer.ssl, 1) }
    unsafe SSL_free(ssl)
    if outer == nil {
      unsafe state.deinitialize(count: 1)
      unsafe state.deallocate()
    }
  }

  /// Sets SNI (RFC 6066 section 3) and has the certificate checked for that name
  /// (RFC 9525) or IP address. False when that failed: then there must be no handshake.
  func expect(_ peer: TLSPeerName) -> Bool {
    expected = (peer.text + [0]).map { CChar(bitPattern: $0) }
    expectsAddress = peer.isAddress ? 1 : 0
    unsafe copenssl_set_check_flags(ssl)
    if peer.isAddress {
      return unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), expected) == 1
        && expectRecord(nil)
    }
    guard unsafe copenssl_set_server_name(ssl, expected) == 1 else { return false }
    return unsafe SSL_set1_host(ssl, expected) == 1 && expectRecord(expected)
  }

  /// Has the certificate checked against the TLSA records. What matches one of usage 3 is for
  /// no name and no time (RFC 7672 section 3.1.1).
  private func expectRecord(_ name: UnsafePointer<CChar>?) -> Bool {
    if context.records.isEmpty { return true }
    guard unsafe SSL_dane_enable(ssl, name) == 1 else { return false }
    _ = unsafe SSL_dane_set_flags(ssl, UInt(DANE_FLAG_NO_DANE_EE_NAMECHECKS))
    return context.records.allSatisfy { unsafe $0.add(to: ssl) }
  }

  /// Offers the server a session of an earlier connection. The certificate is not sent
  /// again then, so that of the session must be for the server that is expected, and have a
  /// key that is expected.
  func resume() {
    let now = UInt64(clamping: Clock.secondsSince1970())
    while let session = unsafe context.sessions?.take() {
      defer { unsafe SSL_SESSION_free(session) }
      let vouches = unsafe copenssl_vouches(
        session, expected, expectsAddress, now, TLSSessions.lifetime)
      guard unsafe copenssl_is_fresh(session, now) == 1,
        vouches == 1 || !context.rejectUnauthorized,
        unsafe context.accepts(keyOf: SSL_SESSION_get0_peer(session))
      else { continue }
      _ = unsafe SSL_set_session(ssl, session)
      return
    }
  }

  /// How much may be read from the socket from now on, whatever it is: records without data
  /// (KeyUpdate, NewSessionTicket, HelloRequest) cost work too.
  func allow(_ octets: Int) { unsafe state.pointee.allowance = octets }

  func handshake() -> Step {
    ERR_clear_error()
    let result = unsafe SSL_do_handshake(ssl)
    let step = result == 1 ? judge() : step(result, count: 0)
    switch step {
    case .done: isEstablished = true
    case .wantsRead, .wantsWrite: break
    // The session may be the reason: the next connection does not offer it.
    case .closed, .system, .failed: context.sessions?.forget()
    }
    ERR_clear_error()
    return step
  }

  private func judge() -> Step {
    // OpenSSL has already refused an untrusted certificate, and no other session was offered.
    // This is a second check.
    guard !context.rejectUnauthorized || verifyResult == X509_V_OK else {
      isBroken = true
      return .failed(TLSErrorQueue(reason: SSL_R_CERTIFICATE_VERIFY_FAILED))
    }
    objection = findObjection()
    guard objection == nil else {
      isBroken = true
      return .failed(TLSErrorQueue())
    }
    // TLS 1.3 has a new one for each connection.
    if isResumed, unsafe SSL_version(ssl) == TLS1_2_VERSION {
      unsafe context.sessions?.keep(SSL_get_session(ssl))
    }
    return .done(0)
  }

  private func findObjection() -> TLSObjection? {
    if !context.records.isEmpty, unsafe copenssl_tlsa_usage(ssl) < 0 { return .record }
    if context.requiresStaple, !hasGoodStaple { return .staple(COPENSSL_STAPLE_MISSING) }
    return unsafe context.accepts(keyOf: SSL_get0_peer_certificate(ssl)) ? nil : .key
  }

  /// OpenSSL calls this when the response of the server is there, or did not come, and goes on
  /// after 1.
  static let judgeStaple: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32 = {
    ssl, _ in
    guard let ssl = unsafe ssl, let owner = unsafe copenssl_owner(ssl) else { return 0 }
    let session = unsafe Unmanaged<TLSSession>.fromOpaque(owner).takeUnretainedValue()
    return session.judgeStaple() ? 1 : 0
  }

  private func judgeStaple() -> Bool {
    let verdict = unsafe copenssl_judge_staple(ssl)
    ERR_clear_error()
    hasGoodStaple = verdict == COPENSSL_STAPLE_GOOD
    if !hasGoodStaple { objection = .staple(verdict) }
    return hasGoodStaple
  }

  /// OpenSSL calls this with every session that the server sends, in TLS 1.3 while reading.
  static let keep: @convention(c) (OpaquePointer?, OpaquePointer?) -> Int32 = { ssl, session in
    guard let ssl = unsafe ssl, let owner = unsafe copenssl_owner(ssl) else { return 0 }
    unsafe Unmanaged<TLSSession>.fromOpaque(owner).takeUnretainedValue().keep(session)
    return 0
  }

  private func keep(_ session: OpaquePointer?) {
    if !isResumed {
      let now = UInt64(clamping: Clock.secondsSince1970())
      unsafe copenssl_mark_session(session, context.rejectUnauthorized ? now : 0)
    }
    unsafe context.sessions?.keep(session)
  }

  /// OpenSSL calls this with each secret, in the form of SSLKEYLOGFILE.
  static let logKey: @convention(c) (OpaquePointer?, UnsafePointer<CChar>?) -> Void = {
    ssl, line in
    guard let ssl = unsafe ssl, let line = unsafe line, let owner = unsafe copenssl_owner(ssl)
    else { return }
    let octets = unsafe [UInt8](UnsafeRawBufferPointer(start: line, count: strlen(line)))
    unsafe Unmanaged<TLSSession>.fromOpaque(owner).takeUnretainedValue()
      .keyLines.append(Secret(octets, OpenSSLCryptography()))
  }

  /// The secrets since the last call.
  func takeKeyLines() -> [Secret] {
    defer { keyLines = [] }
    return keyLines
  }

  func read(_ buffer: UnsafeMutableRawPointer, _ capacity: Int) -> Step {
    ERR_clear_error()
    var count = 0
    let result = unsafe SSL_read_ex(ssl, buffer, capacity, &count)
    return step(result, count: count)
  }

  /// After `wantsRead` or `wantsWrite` the same octets must be offered again, possibly with
  /// more after them.
  ///
  /// At most one record is taken at a time: OpenSSL reports success only when everything has
  /// left, and the server may already have read and answered the records before.
  func write(_ buffer: UnsafeRawPointer, _ count: Int) -> Step {
    ERR_clear_error()
    var written = 0
    let offered = min(count, unfinished > 0 ? unfinished : Self.record)
    let result = unsafe SSL_write_ex(ssl, buffer, offered, &written)
    unfinished = result > 0 ? 0 : offered
    return step(result, count: written)
  }

  /// The largest record (RFC 8446 section 5.1).
  static let record = 16_384

  /// Sends close_notify, without waiting for the peer's.
  func sayGoodbye() {
    guard isEstablished, !isBroken else { return }
    ERR_clear_error()
    _ = unsafe SSL_shutdown(ssl)
    ERR_clear_error()
    outer?.sayGoodbye()
  }

  private func step(_ result: Int32, count: Int) -> Step {
    if result > 0 { return .done(count) }
    switch unsafe SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ: return .wantsRead
    case SSL_ERROR_WANT_WRITE: return .wantsWrite
    case SSL_ERROR_ZERO_RETURN: return .closed
    case SSL_ERROR_SYSCALL:
      isBroken = true
      ERR_clear_error()
      let error = unsafe state.pointee.error
      return error == 0 ? .closed : .system(Errno(code: error))
    default:
      isBroken = true
      return .failed(TLSErrorQueue.drain())
    }
  }

  /// Octets that the system accepted, TLS records included.
  var sent: Int { unsafe state.pointee.sent }

  // MARK: Results

  private var isResumed: Bool { unsafe SSL_session_reused(ssl) == 1 }

  /// OpenSSL's result of the verification. For a resumed session OpenSSL does not check the
  /// name, so it is checked here.
  var verifyResult: Int32 {
    let result = unsafe Int32(truncatingIfNeeded: SSL_get_verify_result(ssl))
    return unsafe result != X509_V_OK || isKnownByRecord || fits(nil)
      ? result : X509_V_ERR_HOSTNAME_MISMATCH
  }

  /// OpenSSL has refused a certificate; of one that has not come it has no complaint.
  var isDistrusted: Bool {
    unsafe context.rejectUnauthorized && SSL_get_verify_result(ssl) != Int(X509_V_OK)
  }

  /// The certificate is that of a TLSA record, whatever its name is.
  private var isKnownByRecord: Bool { unsafe copenssl_tlsa_usage(ssl) == 3 }

  private func fits(_ name: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> Bool {
    let certificate = unsafe SSL_get0_peer_certificate(ssl)
    return unsafe copenssl_is_for(certificate, expected, expectsAddress, name) == 1
  }

  /// See TLSChain.swift.
  func certificate(at index: Int) -> OpaquePointer? {
    unsafe copenssl_certificate(ssl, Int32(clamping: index))
  }

  /// The certificate that the server showed, even if it was refused.
  func withShownCertificate<Value>(_ body: (OpaquePointer?) -> Value) -> Value {
    unsafe body(copenssl_shown_certificate(ssl))
  }

  // MARK: Channel binding

  /// By default the best one that is registered for this version of TLS.
  func binding(_ choice: ChannelBinding.Choice) -> ChannelBinding {
    switch choice {
    case .off: return .none
    case .only(let kind): return octets(kind).map { .available(kind, $0) } ?? .missing(kind)
    case .automatic:
      for kind in [.exporter, .unique, .endPoint] as [ChannelBinding.Kind] {
        if kind == .unique, unsafe copenssl_is_unique(ssl) != 1 { continue }
        if let octets = octets(kind) { return .available(kind, octets) }
      }
      return .none
    }
  }

  private func octets(_ kind: ChannelBinding.Kind) -> [UInt8]? {
    ERR_clear_error()
    let octets = unsafe [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { room, count in
      guard let base = room.baseAddress else { return }
      count =
        switch kind {
        case .exporter: unsafe copenssl_bind_exporter(ssl, base)
        case .unique: unsafe copenssl_bind_unique(ssl, base)
        case .endPoint: unsafe copenssl_bind_end_point(ssl, base)
        }
    }
    ERR_clear_error()
    return octets.isEmpty ? nil : octets
  }

  var info: TLSInfo {
    let cipher = unsafe SSL_CIPHER_get_name(SSL_get_current_cipher(ssl))
    return unsafe TLSInfo(
      version: String(cString: SSL_get_version(ssl)),
      cipher: cipher.map { unsafe String(cString: $0) } ?? "unknown",
      peerName: peerName, isResumed: isResumed)
  }

  private var peerName: String? {
    var name: UnsafeMutablePointer<CChar>?
    guard unsafe SSL_get_verify_result(ssl) == X509_V_OK, !isKnownByRecord, unsafe fits(&name),
      let name = unsafe name
    else { return nil }
    defer { unsafe copenssl_free(name) }
    return unsafe String(cString: name)
  }
}
