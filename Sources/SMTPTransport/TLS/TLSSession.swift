import COpenSSL
import CSystem
import SMTPProtocol

/// What was agreed on in a handshake.
package struct TLSInfo {
  /// "TLSv1.3"
  package var version: String
  package var cipher: String
  /// The name in the certificate that is the server's; nil when the certificate
  /// was not verified, or was verified by IP address.
  package var peerName: String?
}

/// An SSL object over a socket that somebody else closes.
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
  private let state: UnsafeMutablePointer<SocketBIO.State>
  private(set) var isEstablished = false
  /// After a fatal error not even a farewell may be sent.
  private var isBroken = false

  /// nil when memory is short.
  init?(_ context: TLSContext, descriptor: Int32) {
    ERR_clear_error()
    guard let ssl = unsafe SSL_new(context.pointer) else { return nil }
    let state = UnsafeMutablePointer<SocketBIO.State>.allocate(capacity: 1)
    unsafe state.initialize(to: SocketBIO.State(descriptor: descriptor))
    guard let bio = unsafe SocketBIO.make(context.method, state) else {
      unsafe SSL_free(ssl)
      unsafe state.deallocate()
      return nil
    }
    unsafe SSL_set_bio(ssl, bio, bio)
    unsafe SSL_set_connect_state(ssl)
    self.context = context
    unsafe self.ssl = unsafe ssl
    unsafe self.state = unsafe state
  }

  deinit {
    unsafe SSL_free(ssl)
    unsafe state.deallocate()
  }

  /// Asks for the server by name (RFC 6066 section 3) and has the certificate
  /// checked for that name (RFC 9525) or IP address. False when that could not
  /// be arranged: then there must be no handshake.
  func expect(_ peer: TLSPeerName) -> Bool {
    let text = (peer.text + [0]).map { CChar(bitPattern: $0) }
    let flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT
    unsafe SSL_set_hostflags(ssl, UInt32(flags))
    if peer.isAddress {
      return unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), text) == 1
    }
    guard unsafe copenssl_set_server_name(ssl, text) == 1 else { return false }
    return unsafe SSL_set1_host(ssl, text) == 1
  }

  func handshake() -> Step {
    ERR_clear_error()
    let result = unsafe SSL_do_handshake(ssl)
    guard result == 1 else { return step(result, count: 0) }
    // OpenSSL has refused already what is not trusted. This is the second lock.
    guard !context.rejectUnauthorized || isTrusted else {
      isBroken = true
      return .failed(TLSErrorQueue(reason: SSL_R_CERTIFICATE_VERIFY_FAILED))
    }
    isEstablished = true
    ERR_clear_error()
    return .done(0)
  }

  func read(_ buffer: UnsafeMutableRawPointer, _ capacity: Int) -> Step {
    ERR_clear_error()
    var count = 0
    let result = unsafe SSL_read_ex(ssl, buffer, capacity, &count)
    return step(result, count: count)
  }

  /// After `wantsRead` or `wantsWrite` the same octets must be offered again.
  func write(_ buffer: UnsafeRawPointer, _ count: Int) -> Step {
    ERR_clear_error()
    var written = 0
    let result = unsafe SSL_write_ex(ssl, buffer, count, &written)
    return step(result, count: written)
  }

  /// Sends close_notify; the answer is not waited for.
  func sayGoodbye() {
    guard isEstablished, !isBroken else { return }
    ERR_clear_error()
    _ = unsafe SSL_shutdown(ssl)
    ERR_clear_error()
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

  // MARK: What came of it

  private var isTrusted: Bool {
    guard unsafe SSL_get0_peer_certificate(ssl) != nil else { return false }
    return verifyResult == X509_V_OK
  }

  var verifyResult: Int32 {
    Int32(truncatingIfNeeded: unsafe SSL_get_verify_result(ssl))
  }

  /// The certificate that the server showed, even if it was refused.
  func withShownCertificate<Value>(_ body: (OpaquePointer?) -> Value) -> Value {
    unsafe body(copenssl_shown_certificate(ssl))
  }

  var info: TLSInfo {
    let cipher = unsafe SSL_CIPHER_get_name(SSL_get_current_cipher(ssl))
    let name = isTrusted ? unsafe SSL_get0_peername(ssl) : nil
    return unsafe TLSInfo(
      version: String(cString: SSL_get_version(ssl)),
      cipher: cipher.map { unsafe String(cString: $0) } ?? "unknown",
      peerName: name.map { unsafe String(cString: $0) })
  }
}
