package import SMTPProtocol

/// The options for TLS.
@safe package struct TLSConfiguration {
  /// Where PEM text is.
  package enum PEM {
    case file([UInt8])
    /// A key, or a certificate with its key: erased when the last reference is gone.
    case text(Secret)

    package enum Form { case file, text }

    package var form: Form {
      switch self {
      case .file: .file
      case .text: .text
      }
    }
  }

  /// Certificates to trust. With this or `caDirectory` the system's store is not
  /// used.
  package var authorities: PEM?
  /// A directory of them, as made by `openssl rehash`.
  package var caDirectory: [UInt8]?
  /// SHA-256 of the public keys (SubjectPublicKeyInfo) that the certificate of the server may
  /// have; empty for any.
  package var pins: [[UInt8]] = []
  /// One of which the certificate of the server must match (DANE); empty: authorities count.
  package var records: [TLSARecord] = []
  /// What the domain of the recipients publishes (MTA-STS); nil: nothing, or it is not known.
  package var policy: STSPolicy?
  /// A file of lists of revoked certificates.
  package var revocations: [UInt8]?
  /// Whether the server must staple an OCSP response.
  package var requiresStaple = false
  /// The certificate, with its chain, that the client shows, and its key.
  package var certificate: PEM?
  package var key: PEM?
  /// Writes the password of the key into the buffer of this size, and returns its
  /// length, negative for none. OpenSSL erases the buffer.
  package var keyPassword: ((UnsafeMutablePointer<CChar>, Int) -> Int)?
  /// OpenSSL's syntax: suites up to TLS 1.2, and of TLS 1.3.
  package var ciphers: [UInt8]?
  package var cipherSuites: [UInt8]?
  /// For the key exchange, in OpenSSL's syntax, best first.
  package var groups: [UInt8]?
  package var minimumVersion = Version.tls12
  package var maximumVersion: Version?
  /// Protocols to offer with ALPN (RFC 7301), best first.
  package var protocols: [[UInt8]] = []
  /// Gets the secrets of each handshake, line by line; whoever has them can read everything.
  package var onKey: ((Secret) -> Void)?
  /// False: accept any certificate.
  package var rejectUnauthorized = true
  /// False: no session is kept or used.
  package var resumes = true
  /// tls_context_callback, which gets the SSL_CTX as a pointer; false: it must not be used.
  package var customize: ((OpaquePointer) -> Bool)?

  /// An option that is of no use without verification.
  package var verifying: ErrorText? {
    if !records.isEmpty { return "tls_tlsa" }
    if revocations != nil { return "tls_crl_file" }
    return requiresStaple ? "tls_require_ocsp" : nil
  }

  /// The same, or a policy, which asks for verification alone.
  package var verified: ErrorText? {
    verifying ?? (policy?.isEnforced == true ? "tls_mta_sts" : nil)
  }

  /// An option that is of no use without TLS.
  package var demanding: ErrorText? { pins.isEmpty ? verified : "tls_pins" }

  /// With a record of usage 3 OpenSSL builds no chain, and looks into no list.
  package var hasListOfNoUse: Bool {
    revocations != nil && records.contains { $0.usage == 3 }
  }

  /// Whether sessions may be kept. In a resumed one there is no chain to match a record with, no
  /// list is looked into, and no response is stapled.
  package var keepsSessions: Bool { resumes && verifying == nil }

  /// Whether it has files or texts that may be wrong.
  package var isSet: Bool {
    unsafe authorities != nil || caDirectory != nil || certificate != nil || ciphers != nil
      || cipherSuites != nil || groups != nil || minimumVersion != .tls12
      || maximumVersion != nil || !protocols.isEmpty || customize != nil
      || revocations != nil
  }

  /// Who is trusted, and nothing else of it: for a peer other than the server.
  package var trustAlone: TLSConfiguration {
    TLSConfiguration(authorities: authorities, caDirectory: caDirectory)
  }

  package enum Version: Int32 {
    case tls12 = 0x0303
    case tls13 = 0x0304
  }

  package init(
    authorities: PEM? = nil, caDirectory: [UInt8]? = nil, rejectUnauthorized: Bool = true
  ) {
    self.authorities = authorities
    self.caDirectory = caDirectory
    self.rejectUnauthorized = rejectUnauthorized
  }
}
