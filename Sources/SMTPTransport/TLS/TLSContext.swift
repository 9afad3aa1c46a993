import COpenSSL
import CSystem
package import SMTPProtocol

/// What the caller decides about TLS.
package struct TLSConfiguration {
  /// A file of PEM certificates to trust. With this or `caDirectory` the
  /// system's store is not used.
  package var caFile: [UInt8]?
  /// A directory of them, as made by `openssl rehash`.
  package var caDirectory: [UInt8]?
  /// False: go on whatever the certificate says.
  package var rejectUnauthorized: Bool

  package init(
    caFile: [UInt8]? = nil, caDirectory: [UInt8]? = nil, rejectUnauthorized: Bool = true
  ) {
    self.caFile = caFile
    self.caDirectory = caDirectory
    self.rejectUnauthorized = rejectUnauthorized
  }
}

/// An SSL_CTX: what connections with the same configuration can share.
@safe package final class TLSContext {
  let rejectUnauthorized: Bool
  let pointer: OpaquePointer
  /// The way of all sessions to their sockets.
  let method: OpaquePointer

  private init(_ pointer: OpaquePointer, _ method: OpaquePointer, _ configuration: TLSConfiguration)
  {
    unsafe self.pointer = unsafe pointer
    unsafe self.method = unsafe method
    rejectUnauthorized = configuration.rejectUnauthorized
  }

  deinit {
    unsafe SSL_CTX_free(pointer)
    unsafe BIO_meth_free(method)
  }

  package static func make(_ configuration: TLSConfiguration) -> Result<TLSContext, Failure> {
    ERR_clear_error()
    guard let method = unsafe SocketBIO.makeMethod() else { return .failure(outOfMemory()) }
    guard let pointer = unsafe SSL_CTX_new(TLS_client_method()) else {
      unsafe BIO_meth_free(method)
      return .failure(outOfMemory())
    }
    let context = unsafe TLSContext(pointer, method, configuration)
    guard unsafe copenssl_harden(pointer) == 1 else { return .failure(outOfMemory()) }
    unsafe SSL_CTX_set_verify(
      pointer, configuration.rejectUnauthorized ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
    if let failure = context.trust(configuration) { return .failure(failure) }
    return .success(context)
  }

  /// Loads the authorities that may vouch for a server.
  private func trust(_ configuration: TLSConfiguration) -> Failure? {
    if configuration.caFile == nil, configuration.caDirectory == nil {
      let result = unsafe SSL_CTX_set_default_verify_paths(pointer)
      ERR_clear_error()
      guard result == 1 else {
        return TLSContext.failure("the system's certificates cannot be used", nil)
      }
      return nil
    }
    if let file = configuration.caFile {
      return unsafe load(file, "tls_ca_file") {
        unsafe SSL_CTX_load_verify_locations(pointer, $0, nil)
      }
        ?? configuration.caDirectory.flatMap(trustDirectory)
    }
    return configuration.caDirectory.flatMap(trustDirectory)
  }

  private func trustDirectory(_ directory: [UInt8]) -> Failure? {
    // OpenSSL looks into a directory only when it searches for an issuer, and
    // takes one that does not exist for an empty one.
    unsafe load(directory + [0x2F], "tls_ca_directory") {
      unsafe SSL_CTX_load_verify_locations(pointer, nil, $0)
    }
  }

  private func load(
    _ path: [UInt8], _ option: String, _ body: (UnsafePointer<CChar>) -> Int32
  ) -> Failure? {
    let shown = Bytes.printable(path, limit: 1000)
    let name = (path + [0]).map { CChar(bitPattern: $0) }
    return unsafe name.withUnsafeBufferPointer { name in
      guard let base = name.baseAddress else { return nil }
      guard unsafe access(base, R_OK) == 0 else {
        let error = Errno.current
        var failure = TLSContext.failure(
          "cannot read \(option) \(shown): \(error.text)", error.text)
        failure.errno = error.code
        return failure
      }
      ERR_clear_error()
      guard unsafe body(base) == 1 else {
        let reason = TLSErrorQueue.drain().text
        return TLSContext.failure("cannot use \(option) \(shown): \(reason)", reason)
      }
      ERR_clear_error()
      return nil
    }
  }

  private static func failure(_ message: String, _ reason: String?) -> Failure {
    var failure = Failure(.tls, message, command: "CONN", phase: .tls, retry: .no)
    failure.tlsReason = reason
    return failure
  }

  private static func outOfMemory() -> Failure {
    let reason = TLSErrorQueue.drain().text
    return failure("TLS cannot be set up: \(reason)", reason)
  }
}
