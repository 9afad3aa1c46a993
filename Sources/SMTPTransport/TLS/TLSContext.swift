import COpenSSL
import CSystem
package import SMTPProtocol

/// An SSL_CTX: what connections with the same configuration can share.
@safe package final class TLSContext {
  let rejectUnauthorized: Bool
  /// See `TLSConfiguration.pins`.
  let pins: [[UInt8]]
  let records: [TLSARecord]
  let requiresStaple: Bool
  let pointer: OpaquePointer
  /// The BIO method that all sessions use.
  let method: OpaquePointer
  /// What may be resumed; nil for nothing.
  let sessions: TLSSessions?

  private init(
    _ pointer: OpaquePointer, _ method: OpaquePointer, _ configuration: TLSConfiguration,
    _ sessions: TLSSessions?
  ) {
    unsafe self.pointer = unsafe pointer
    unsafe self.method = unsafe method
    rejectUnauthorized = configuration.rejectUnauthorized
    pins = configuration.pins
    records = configuration.records
    requiresStaple = configuration.requiresStaple
    self.sessions = sessions
    if configuration.onKey != nil { unsafe SSL_CTX_set_keylog_callback(pointer, TLSSession.logKey) }
    if sessions != nil { unsafe copenssl_hand_sessions_to(pointer, TLSSession.keep) }
  }

  deinit {
    unsafe SSL_CTX_free(pointer)
    unsafe BIO_meth_free(method)
  }

  package static func make(
    _ configuration: TLSConfiguration, keepingSessions sessions: TLSSessions? = nil
  ) -> Result<TLSContext, Failure> {
    ERR_clear_error()
    // Errors that were handled here must not stay in the error queue, which belongs to the
    // whole thread.
    defer { ERR_clear_error() }
    guard let method = unsafe WireBIO.makeMethod() else { return .failure(outOfMemory()) }
    guard let pointer = unsafe SSL_CTX_new(TLS_client_method()) else {
      unsafe BIO_meth_free(method)
      return .failure(outOfMemory())
    }
    let context = unsafe TLSContext(pointer, method, configuration, sessions)
    unsafe copenssl_harden(pointer)
    unsafe SSL_CTX_set_verify(
      pointer, configuration.rejectUnauthorized ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
    if let failure = context.restrict(configuration) ?? context.trust(configuration)
      ?? context.demand(configuration) ?? context.identify(configuration)
    {
      return .failure(failure)
    }
    if let failure = context.submit(to: configuration) { return .failure(failure) }
    return .success(context)
  }

  /// Calls tls_context_callback, which may refuse this context.
  private func submit(to configuration: TLSConfiguration) -> Failure? {
    guard let customize = unsafe configuration.customize, unsafe !customize(pointer) else {
      return nil
    }
    ERR_clear_error()
    return TLSContext.failure("tls_context_callback refused the TLS context", nil)
  }

  /// Versions, ciphers, groups and ALPN.
  private func restrict(_ configuration: TLSConfiguration) -> Failure? {
    let minimum = Int(configuration.minimumVersion.rawValue)
    let maximum = Int(configuration.maximumVersion?.rawValue ?? 0)
    guard unsafe copenssl_narrow_versions(pointer, minimum, maximum) == 1 else {
      return TLSContext.failure(
        "no TLS version is left: tls_min_version and tls_max_version allow none from 1.2 up that"
          + " the system's policy allows too (MinProtocol and MaxProtocol in openssl.cnf)", nil)
    }
    if let failure = choose(configuration) { return failure }
    // Each name with its length in front (RFC 7301 section 3.1).
    let offer = configuration.protocols.flatMap {
      [UInt8(truncatingIfNeeded: $0.count)] + $0
    }
    if offer.isEmpty { return nil }
    let count = UInt32(truncatingIfNeeded: offer.count)
    let result = unsafe SSL_CTX_set_alpn_protos(pointer, offer, count)
    return result == 0 ? nil : TLSContext.refused("tls_alpn")
  }

  /// Ciphers and groups, as far as the system's policy goes.
  private func choose(_ configuration: TLSConfiguration) -> Failure? {
    let (ciphers, suites, groups) = (
      configuration.ciphers, configuration.cipherSuites, configuration.groups
    )
    if ciphers == nil, suites == nil, groups == nil { return nil }
    var byPolicy: Int32 = 0
    let refused = unsafe Self.withText(ciphers) { ciphers in
      unsafe Self.withText(suites) { suites in
        unsafe Self.withText(groups) { groups in
          var wishes = unsafe copenssl_wishes(ciphers: ciphers, suites: suites, groups: groups)
          return unsafe copenssl_grant(pointer, &wishes, &byPolicy)
        }
      }
    }
    return switch refused {
    case COPENSSL_GRANTED: nil
    case COPENSSL_CIPHERS: Self.refused("tls_ciphers", ciphers, byPolicy: byPolicy != 0)
    case COPENSSL_SUITES: Self.refused("tls_cipher_suites", suites, byPolicy: byPolicy != 0)
    case COPENSSL_GROUPS: Self.refused("tls_groups", groups, byPolicy: byPolicy != 0)
    default: Self.outOfMemory()
    }
  }

  private static func refused(_ option: ErrorText, _ value: [UInt8]?, byPolicy: Bool) -> Failure {
    let shown: ErrorText = "\(option) \"\(Bytes.printable(value ?? []))\""
    if !byPolicy { return refused(shown) }
    ERR_clear_error()
    return failure(
      "cannot use \(shown): the system's policy (openssl.cnf) allows nothing of it", nil)
  }

  private static func withText<Value>(
    _ text: [UInt8]?, _ body: (UnsafePointer<CChar>?) -> Value
  ) -> Value {
    guard let text else { return body(nil) }
    let octets = (text + [0]).map { CChar(bitPattern: $0) }
    return unsafe octets.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
  }

  /// Loads the trusted CAs.
  private func trust(_ configuration: TLSConfiguration) -> Failure? {
    if configuration.authorities == nil, configuration.caDirectory == nil {
      let result = unsafe SSL_CTX_set_default_verify_paths(pointer)
      ERR_clear_error()
      guard result == 1 else {
        return TLSContext.failure("the system's certificates cannot be used", nil)
      }
      return nil
    }
    switch configuration.authorities {
    case .file(let file):
      let failure = unsafe load(file, "tls_ca_file") {
        unsafe SSL_CTX_load_verify_locations(pointer, $0, nil)
      }
      if let failure { return failure }
    case .text(let text):
      let octets = text.bytes
      guard unsafe copenssl_trust(pointer, octets, Int32(clamping: octets.count)) == 1 else {
        return TLSContext.refused("tls_ca")
      }
      ERR_clear_error()
    case nil: break
    }
    return configuration.caDirectory.flatMap(trustDirectory)
  }

  /// What a certificate must be besides trusted.
  private func demand(_ configuration: TLSConfiguration) -> Failure? {
    if !records.isEmpty, unsafe SSL_CTX_dane_enable(pointer) != 1 { return Self.outOfMemory() }
    if requiresStaple { unsafe copenssl_require_staple(pointer, TLSSession.judgeStaple) }
    guard let file = configuration.revocations else { return nil }
    return unsafe load(file, "tls_crl_file") { unsafe copenssl_use_revocations(pointer, $0) }
  }

  private func trustDirectory(_ directory: [UInt8]) -> Failure? {
    // OpenSSL looks into a directory only when it searches for an issuer, and
    // takes one that does not exist for an empty one.
    unsafe load(directory + [.slash], "tls_ca_directory") {
      unsafe SSL_CTX_load_verify_locations(pointer, nil, $0)
    }
  }

  /// The common part is a function of its own: the compiler specializes this one for
  /// each body.
  func load(
    _ path: [UInt8], _ option: String, _ body: (UnsafePointer<CChar>) -> Int32
  ) -> Failure? {
    let name = (path + [0]).map { CChar(bitPattern: $0) }
    if let failure = Self.unreadable(name, path, option) { return failure }
    return Self.judged(unsafe body(name), path, option)
  }

  @inline(never)
  private static func unreadable(
    _ name: [CChar], _ path: [UInt8], _ option: String
  ) -> Failure? {
    if unsafe access(name, R_OK) == 0 { return nil }
    let error = Errno.current
    var failure = failure(
      "cannot read \(option) \(Bytes.printable(path, limit: 1000)): \(error.text)", error.text)
    failure.errno = error.code
    return failure
  }

  @inline(never)
  private static func judged(_ result: Int32, _ path: [UInt8], _ option: String) -> Failure? {
    if result == 1 {
      ERR_clear_error()
      return nil
    }
    let reason = TLSErrorQueue.drain().text
    return failure(
      "cannot use \(option) \(Bytes.printable(path, limit: 1000)): \(reason)", reason)
  }

  static func failure(_ message: ErrorText, _ reason: String?) -> Failure {
    var failure = Failure(
      .tls, message, command: "CONN", phase: .tls, retry: .no, kind: .tlsSetup)
    failure.tlsReason = reason
    return failure
  }

  /// OpenSSL does not take the value of an option.
  static func refused(_ option: ErrorText) -> Failure {
    let reason = TLSErrorQueue.drain().text
    return failure("cannot use \(option): \(reason)", reason)
  }

  private static func outOfMemory() -> Failure {
    let reason = TLSErrorQueue.drain().text
    return failure("TLS cannot be set up: \(reason)", reason)
  }
}
