package import SMTPProtocol
package import SMTPTransport

/// The settings of TLS. What OpenSSL has to say of them comes with connect.
extension Options {
  package mutating func setAuthorities(
    _ form: TLSConfiguration.PEM.Form, _ value: [UInt8]?, option: String
  ) throws(Failure) {
    tls.authorities = try Self.replaced(tls.authorities, form, value, option)
  }

  package mutating func setCertificate(
    _ form: TLSConfiguration.PEM.Form, _ value: [UInt8]?, option: String
  ) throws(Failure) {
    tls.certificate = try Self.replaced(tls.certificate, form, value, option)
  }

  package mutating func setKey(
    _ form: TLSConfiguration.PEM.Form, _ value: [UInt8]?, option: String
  ) throws(Failure) {
    tls.key = try Self.replaced(tls.key, form, value, option)
  }

  package mutating func setCADirectory(_ value: [UInt8]?) throws(Failure) {
    if let value, value.isEmpty { throw Self.refusal("tls_ca_directory", "a path", value) }
    tls.caDirectory = value
  }

  package mutating func setPins(_ value: [UInt8]?) throws(Failure) {
    let (pins, wrong) = TLSPins.parse(value ?? [])
    guard wrong == nil, value == nil || !pins.isEmpty else {
      throw Self.refusal(
        "tls_pins", "SHA-256 digests of public keys in base64, as in sha256//YhKJKSzo...=",
        wrong ?? [])
    }
    tls.pins = pins
  }

  package var pins: [UInt8]? {
    tls.pins.isEmpty ? nil : Bytes.joined(tls.pins.map(TLSPins.text), " ")
  }

  package mutating func setRecords(_ value: [UInt8]?) throws(Failure) {
    let words = value?.split(separator: .comma, omittingEmptySubsequences: false) ?? []
    tls.records = try words.map { (word) throws(Failure) in
      guard let record = TLSARecord(word) else {
        throw Self.refusal(
          "tls_tlsa", "TLSA records of usage 2 or 3 separated by commas, as in 3 1 1 8CB0...",
          Array(word))
      }
      return record
    }
  }

  package var records: [UInt8]? {
    tls.records.isEmpty ? nil : Bytes.joined(tls.records.map { $0.text }, ", ")
  }

  package mutating func setPolicy(_ value: [UInt8]?) throws(Failure) {
    let policy = value.flatMap { STSPolicy($0) }
    if let value, policy == nil {
      throw Self.refusal(
        "tls_mta_sts",
        "a policy with version: STSv1, mode:, max_age: and mx: (RFC 8461 section 3.2)", value)
    }
    tls.policy = policy
  }

  package mutating func setRevocations(_ value: [UInt8]?) throws(Failure) {
    if let value, value.isEmpty { throw Self.refusal("tls_crl_file", "a path", value) }
    tls.revocations = value
  }

  package mutating func setMinimumVersion(_ value: [UInt8]?) throws(Failure) {
    tls.minimumVersion =
      try value.map { (text) throws(Failure) in
        try Self.version(text, "tls_min_version")
      } ?? .tls12
  }

  package mutating func setMaximumVersion(_ value: [UInt8]?) throws(Failure) {
    tls.maximumVersion = try value.map { (text) throws(Failure) in
      try Self.version(text, "tls_max_version")
    }
  }

  /// Protocol names separated by commas, each of 1 to 255 octets (RFC 7301
  /// section 3.1).
  package mutating func setProtocols(_ value: [UInt8]?) throws(Failure) {
    let names = value?.split(separator: .comma, omittingEmptySubsequences: false) ?? []
    guard names.allSatisfy({ (1...255).contains($0.count) }) else {
      throw Self.refusal("tls_alpn", "protocol names separated by commas", value ?? [])
    }
    tls.protocols = names.map { Array($0) }
  }

  package var protocols: [UInt8]? {
    tls.protocols.isEmpty ? nil : Bytes.joined(tls.protocols, ",")
  }

  package static func name(of version: TLSConfiguration.Version) -> [UInt8] {
    version == .tls12 ? Bytes.of("TLSv1.2") : Bytes.of("TLSv1.3")
  }

  private static func version(
    _ text: [UInt8], _ option: String
  ) throws(Failure) -> TLSConfiguration.Version {
    for version in [TLSConfiguration.Version.tls12, .tls13]
    where Bytes.equalIgnoringCase(text, name(of: version)) {
      return version
    }
    throw refusal(option, "TLSv1.2 or TLSv1.3", text)
  }

  /// All authorities of a system are some 250 KB; and OpenSSL counts in int.
  private static var longestPEM: Int { 1 << 24 }

  /// A value replaces whatever form was set; none takes back its own form only.
  private static func replaced(
    _ old: TLSConfiguration.PEM?, _ form: TLSConfiguration.PEM.Form, _ value: [UInt8]?,
    _ option: String
  ) throws(Failure) -> TLSConfiguration.PEM? {
    guard let value else { return old?.form == form ? nil : old }
    if form == .file {
      if value.isEmpty { throw refusal(option, "a path", value) }
      return .file(value)
    }
    guard (1...longestPEM).contains(value.count) else {
      throw refusal(option, "PEM text of 1 to \(longestPEM) octets", Array(value.prefix(0)))
    }
    return .text(Secret(value, OpenSSLCryptography()))
  }
}
