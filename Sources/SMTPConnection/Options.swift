package import SMTPProtocol
package import SMTPTransport

/// The options. A setter refuses a value that an option may not have; `validate` refuses
/// options that contradict each other.
package struct Options {
  package private(set) var host: [UInt8]?
  package internal(set) var port: Int = 0
  /// nil: not set, so that port 465 may decide.
  package var secure: Bool?
  package var ignoreTLS = false
  package var requireTLS = false
  package private(set) var name: [UInt8]?
  /// In upper case.
  package private(set) var authMethod: [UInt8]?
  package private(set) var mechanisms = MechanismList.automatic
  /// A name, or "none".
  package private(set) var channelBinding: [UInt8]?
  package private(set) var chunking = Session.Chunking.off
  /// Keywords, separated by blanks.
  package private(set) var ignoredCapabilities: [UInt8]?
  package var allowInsecureAuth = false
  package private(set) var initialResponse = Session.InitialResponse.automatic
  package var helloAfterLogin = false
  package private(set) var servername: [UInt8]?
  package var tls = TLSConfiguration()
  /// Shared by the copies that the connections have.
  package private(set) var tlsMemory = TLSMemory()
  /// Of TLS with a proxy.
  package private(set) var proxyMemory = TLSMemory()
  package var opportunisticTLS = false
  package var lmtp = false
  package private(set) var localAddress: [UInt8]?
  package internal(set) var localPort = 0
  package private(set) var addressFamily = AddressFamily.any
  package internal(set) var tcpKeepaliveIdle = 0
  package internal(set) var tcpKeepaliveInterval = 0
  package internal(set) var tcpKeepaliveCount = 0
  package internal(set) var receiveBufferSize = 0
  package internal(set) var sendBufferSize = 0
  package internal(set) var proxy: Proxy?
  package internal(set) var proxyUser: Secret?
  package internal(set) var proxyPassword: Secret?
  package var proxyFromEnvironment = false
  package var proxyTokenEndpoint = true
  package private(set) var socketPath: [UInt8]?
  /// A socket of the caller, to be connected or already connected.
  package private(set) var socket: GivenSocket?
  package private(set) var connectedSocket: GivenSocket?
  /// There is no socket: the caller moves the octets. No option of the caller.
  package var pipe: MemoryPipe?
  /// The caller's connection has TLS already.
  package var isSecured = false
  package var customMechanisms = CustomMechanisms()
  package var transactionLog = false
  package var debug = false
  package private(set) var limits = Limits()

  package static let secureSubmissionPort = 465
  package static let relayPort = 25
  /// Registered for LMTP, which must not use that of SMTP (RFC 2033 section 5).
  package static let localDeliveryPort = 24

  package init() {}

  /// Else there is another way to the server, and the host is its name only.
  package var connectsToHost: Bool {
    socketPath == nil && connectedSocket == nil && pipe == nil
  }

  package var effectiveHost: [UInt8] { host ?? Bytes.of("localhost") }

  package var isSecure: Bool { secure ?? (port == Self.secureSubmissionPort) }

  /// Whether nothing is sent in the clear but EHLO and STARTTLS.
  package var demandsTLS: Bool { requireTLS || tls.demanding != nil }

  package var effectivePort: Int {
    if port != 0 { return port }
    if lmtp { return Self.localDeliveryPort }
    return isSecure ? Self.secureSubmissionPort : Self.relayPort
  }

  package var logsDialogue: Bool { transactionLog || debug }

  /// What was learned of one server, or under one configuration, must not help with another:
  /// due after every change that decides about TLS.
  package mutating func forgetTLS() {
    tlsMemory = TLSMemory()
    proxyMemory = TLSMemory()
  }

  // MARK: Setters that check

  package mutating func setHost(_ value: [UInt8]?) throws(Failure) {
    if var value {
      if value.first == .openBracket, value.last == .closeBracket {
        value = Array(value.dropFirst().dropLast())
      }
      value = try Self.ascii("host", value)
      guard Self.isHost(value) else {
        if let failure = Self.portRefusal("host", value) { throw failure }
        throw Self.refusal(
          "host", "a host name or an IP address of 1 to 253 octets, alone", value)
      }
      host = value
    } else {
      host = nil
    }
  }

  package mutating func setName(_ value: [UInt8]?) throws(Failure) {
    guard let given = value else {
      name = nil
      return
    }
    // RFC 6531 section 3.7.1: A-labels only, since nothing is known of the server yet.
    let value = try Self.ascii("name", given)
    if AddressLiteral.isIPv4(value) {
      name = [.openBracket] + value + [.closeBracket]
    } else if AddressLiteral.isIPv6(value) {
      name = Bytes.of("[IPv6:") + value + [.closeBracket]
    } else if Domain.isValid(value) || AddressLiteral.isValid(value) {
      name = value
    } else {
      throw Self.refusal("name", "a domain or an address literal such as [192.0.2.1]", value)
    }
  }

  package mutating func setAuthMethod(_ value: [UInt8]?) throws(Failure) {
    mechanisms = try value.map { (text) throws(Failure) in try MechanismList(text) } ?? .automatic
    authMethod = value.map { Bytes.uppercased($0) }
  }

  package mutating func setChannelBinding(_ value: [UInt8]?) throws(Failure) {
    guard value.map({ $0 == Self.noBinding || ChannelBinding.Kind($0) != nil }) ?? true else {
      throw Self.refusal(
        "channel_binding", "tls-exporter, tls-unique, tls-server-end-point or none", value ?? [])
    }
    channelBinding = value
  }

  private static var noBinding: [UInt8] { Bytes.of("none") }

  var bindingChoice: ChannelBinding.Choice {
    guard let channelBinding else { return .automatic }
    return ChannelBinding.Kind(channelBinding).map { .only($0) } ?? .off
  }

  package mutating func setInitialResponse(_ value: Int32) throws(Failure) {
    guard let value = Session.InitialResponse(rawValue: value) else {
      throw Failure(
        .options,
        "initial_response must be 1 (always), 0 (never) or -1 (when the line is short enough),"
          + " not \(value)")
    }
    initialResponse = value
  }

  package mutating func setChunking(_ value: Int32) throws(Failure) {
    guard let chunking = Session.Chunking(rawValue: value) else {
      throw Failure(.options, "chunking must be one of enum smtpconn_chunking, not \(value)")
    }
    self.chunking = chunking
  }

  package mutating func setIgnoredCapabilities(_ value: [UInt8]?) throws(Failure) {
    guard let value else {
      ignoredCapabilities = nil
      return
    }
    let words = Self.keywords(value)
    guard !words.isEmpty, words.allSatisfy(Self.isKeyword) else {
      throw Self.refusal("ignored_capabilities", "keywords separated by blanks", value)
    }
    guard !words.contains(Bytes.of("STARTTLS")) else {
      throw Failure(.options, "ignored_capabilities cannot hold STARTTLS: that is ignore_tls")
    }
    ignoredCapabilities = value
  }

  /// In upper case.
  static func keywords(_ list: [UInt8]) -> [[UInt8]] {
    list.split(separator: .space).map { Bytes.uppercased(Array($0)) }
  }

  /// `ehlo-keyword` of RFC 5321 section 4.1.1.1.
  private static func isKeyword(_ word: [UInt8]) -> Bool {
    word.first != .hyphen
      && word.allSatisfy { Bytes.isLetter($0) || Bytes.isDigit($0) || $0 == .hyphen }
  }

  package mutating func setServername(_ value: [UInt8]?) throws(Failure) {
    let value = try value.map { (value) throws(Failure) in try Self.ascii("tls_servername", value) }
    if let value {
      guard Self.isHostName(value), !AddressLiteral.isIPv4(value) else {
        throw Self.refusal("tls_servername", "a DNS name, not an IP address", value)
      }
    }
    servername = value
  }

  package mutating func setLocalAddress(_ value: [UInt8]?) throws(Failure) {
    if let value {
      guard let address = SocketAddress(numeric: value, port: 0) else {
        throw Self.refusal("local_address", "an IP address of this machine", value)
      }
      if address.lacksZone { throw Self.zoneMissing("local_address", value) }
    }
    localAddress = value
  }

  package mutating func setAddressFamily(_ value: Int32) throws(Failure) {
    guard let family = AddressFamily(rawValue: value) else {
      throw Failure(
        .options, "address_family must be one of enum smtpconn_address_family, not \(value)")
    }
    addressFamily = family
  }

  package mutating func setSocketPath(_ value: [UInt8]?) throws(Failure) {
    if let value, SocketAddress(path: value) == nil {
      throw Self.refusal("socket_path", "a path of 1 to 107 octets", value)
    }
    socketPath = value
  }

  /// nil takes it back. The option keeps a duplicate.
  package mutating func setSocket(_ descriptor: Int32?) throws(Failure) {
    socket = try descriptor.map { (given) throws(Failure) in
      try GivenSocket.duplicate(given, option: "socket")
    }
  }

  package mutating func setConnectedSocket(_ descriptor: Int32?) throws(Failure) {
    connectedSocket = try descriptor.map { (given) throws(Failure) in
      try GivenSocket.duplicate(given, option: "connection")
    }
  }

  package mutating func setLimit(_ limit: Limit, milliseconds: UInt32) throws(Failure) {
    guard milliseconds <= Limits.longest else {
      throw Failure(
        .options, "\(limit.optionName) must be 0 to \(Limits.longest) ms, not \(milliseconds)")
    }
    limits[limit] = milliseconds == 0 ? limit.standard : milliseconds
  }

  /// The form in which names are resolved, and are in certificates: with A-labels.
  private static func ascii(_ option: String, _ value: [UInt8]) throws(Failure) -> [UInt8] {
    do throws(DomainRefusal) {
      return try Domain.ascii(value, SystemDomains.shared)
    } catch {
      throw Failure(
        .options, "\(option) \"\(Bytes.printable(value, limit: 80))\" \(error.reason)")
    }
  }

  // MARK: Contradictions

  /// Security is never dropped silently: options that cannot both be honoured
  /// are refused.
  package func validate() throws(Failure) {
    if isSecure, ignoreTLS {
      throw Failure(.options, "secure asks for TLS and ignore_tls forbids it; set only one")
    }
    if requireTLS, ignoreTLS {
      throw Failure(.options, "require_tls asks for TLS and ignore_tls forbids it; set only one")
    }
    if requireTLS, opportunisticTLS {
      throw Failure(
        .options, "require_tls requires TLS and opportunistic_tls does not; set only one")
    }
    if let name = mechanisms.unknown(custom: customMechanisms.names) {
      let known = MechanismChoice.joined(BuiltInMechanism.all.map { $0.name })
      throw Failure(
        .options,
        "auth_method \(Bytes.printable(name)) is none of \(known) and no custom mechanism has that"
          + " name")
    }
    if isSecure, opportunisticTLS {
      throw Failure(.options, "secure requires TLS and opportunistic_tls does not; set only one")
    }
    if lmtp, effectivePort == Self.relayPort, connectsToHost {
      throw Failure(.options, "lmtp must not use port 25 (RFC 2033 section 5); set port")
    }
    if ignoreTLS, opportunisticTLS {
      throw Failure(
        .options, "ignore_tls forbids TLS and opportunistic_tls tries it; set only one")
    }
    if let host, connectsToHost, SocketAddress(numeric: host, port: 0)?.lacksZone == true {
      throw Self.zoneMissing("host", host)
    }
    if socketPath != nil, socket != nil || connectedSocket != nil {
      throw Failure(.options, "socket_path and socket or connection are both set; set only one")
    }
    if socket != nil, connectedSocket != nil {
      throw Failure(.options, "socket and connection are both set; set only one")
    }
    if socketPath != nil, localAddress != nil || localPort != 0 {
      throw Failure(.options, "socket_path needs no local_address or local_port; unset them")
    }
    if connectedSocket != nil, localAddress != nil {
      throw Failure(.options, "connection is connected; local_address cannot apply to it")
    }
    if localPort != 0, localAddress == nil {
      throw Failure(.options, "local_port needs local_address")
    }
    if isSecured, connectedSocket == nil, pipe == nil {
      throw Failure(
        .options, "secured needs the option connection, or a connection without a socket")
    }
    if tls.key != nil, tls.certificate == nil {
      throw Failure(.options, "tls_key needs tls_certificate")
    }
    if let option = tls.demanding { try requireTLS(for: option) }
    if let option = tls.verified, !tls.rejectUnauthorized {
      throw Failure(
        .options,
        "\(option) needs the verification, which tls_reject_unauthorized 0 switches off; set"
          + " only one")
    }
    if let policy = tls.policy, policy.isEnforced, !policy.allows(servername ?? effectiveHost) {
      throw Self.refusal("host", "a server that tls_mta_sts allows", servername ?? effectiveHost)
    }
    if tls.requiresStaple, !tls.records.isEmpty {
      throw Failure(
        .options,
        "tls_require_ocsp needs an authority, which tls_tlsa does without; set only one")
    }
    if tls.hasListOfNoUse {
      throw Failure(
        .options,
        "tls_crl_file needs an authority, which a record of usage 3 in tls_tlsa does without; set"
          + " only one")
    }
    if let maximum = tls.maximumVersion, maximum.rawValue < tls.minimumVersion.rawValue {
      throw Failure(.options, "tls_max_version is below tls_min_version")
    }
    try validateNetwork()
  }

  /// What an option asks of TLS must not be lost by going without it.
  private func requireTLS(for option: ErrorText) throws(Failure) {
    let other: ErrorText
    if ignoreTLS {
      other = "ignore_tls forbids it"
    } else if opportunisticTLS {
      other = "opportunistic_tls goes on without it"
    } else if isSecured {
      other = "secured has the library not start it"
    } else {
      return
    }
    throw Failure(.options, "\(option) requires TLS and \(other); set only one")
  }

  /// A text that can be resolved, without anything that could end a command, a
  /// log line or an SNI name.
  static func isHost(_ value: [UInt8]) -> Bool { isHostName(value) || isIPv6(value) }

  /// Underscores are part of many internal names.
  private static func isHostName(_ value: [UInt8]) -> Bool {
    (1...253).contains(value.count)
      && value.allSatisfy {
        Bytes.isLetter($0) || Bytes.isDigit($0) || $0 == .hyphen || $0 == .dot || $0 == .underscore
      }
  }

  private static func zoneMissing(_ option: String, _ value: [UInt8]) -> Failure {
    let text = Bytes.printable(value, limit: 80)
    return Failure(
      .options,
      "\(option) must name the interface of a link-local address, as in \(text)%eth0, not"
        + " \"\(text)\" alone")
  }

  /// With or without a zone (RFC 4007 section 11), which need not exist yet.
  private static func isIPv6(_ value: [UInt8]) -> Bool {
    let address = value.prefix { $0 != .percent }
    let zone = value.dropFirst(address.count)
    return (2...253).contains(value.count) && address.contains(.colon)
      && SocketAddress(numeric: Array(address), port: 0) != nil
      && (zone.isEmpty || isHostName(Array(zone.dropFirst())))
  }

  /// "mail.example.com:587", and the same with an address.
  private static func portRefusal(_ option: String, _ value: [UInt8]) -> Failure? {
    guard let colon = value.lastIndex(of: .colon) else { return nil }
    let port = value[(colon + 1)...]
    var host = Array(value[..<colon])
    if host.first == .openBracket, host.last == .closeBracket {
      host = Array(host.dropFirst().dropLast())
    }
    guard (1...5).contains(port.count), port.allSatisfy({ Bytes.isDigit($0) }), isHost(host) else {
      return nil
    }
    return Failure(
      .options,
      "\(option) must not hold the port: give \"\(Bytes.printable(host, limit: 80))\" as \(option)"
        + " and \(Bytes.printable(Array(port))) as port")
  }

  static func refusal(_ option: String, _ wanted: String, _ value: [UInt8]) -> Failure {
    Failure(.options, "\(option) must be \(wanted), not \"\(Bytes.printable(value, limit: 80))\"")
  }
}
