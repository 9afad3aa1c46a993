import SMTPProtocol
import Testing

@testable import SMTPConnection

@Suite("Options")
struct OptionsTests {
  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  private func refusal(_ change: (inout Options) throws(Failure) -> Void) -> Failure? {
    var options = Options()
    do throws(Failure) {
      try change(&options)
      return nil
    } catch {
      return error
    }
  }

  @Test("port and secure decide about each other: 25, or 465 when secure")
  func ports() throws {
    var options = Options()
    #expect(options.effectivePort == 25)
    #expect(!options.isSecure)
    options.secure = true
    #expect(options.effectivePort == 465)
    options.secure = nil
    try options.setPort(465)
    #expect(options.isSecure)
    options.secure = false
    #expect(!options.isSecure)
    #expect(options.effectivePort == 465)
  }

  @Test("what contradicts is refused and named", arguments: ["secure", "require_tls"])
  func contradictions(option: String) throws {
    let failure = refusal { (options) throws(Failure) in
      options.ignoreTLS = true
      if option == "secure" { options.secure = true } else { options.requireTLS = true }
      try options.validate()
    }
    #expect(failure?.code == .options)
    #expect(failure?.message.contains(option) == true)
    #expect(failure?.message.contains("ignore_tls") == true)
  }

  @Test(
    "a host is a name or an address",
    arguments: [
      ("mail.example.org", true), ("[2001:db8::1]", true), ("2001:db8::1", true),
      ("192.0.2.1", true), ("under_score.example", true), ("fe80::1%eth0", true), ("", false),
      ("mail example.org", false), ("mail\r\nRSET", false),
      (String(repeating: "a", count: 254), false), (String(repeating: "a", count: 253), true),
      // No zone without an address, and no other colon.
      ("mail.example.org%eth0", false), ("::1%", false), ("mail:", false), (":25", false),
      ("1:2", false), ("smtp://mail.example.org", false), ("::ffff:192.0.2.1", true),
      ("fe80::1%no_such-zone.1", true), ("::1%a b", false),
    ])
  func hosts(text: String, isGood: Bool) {
    let failure = refusal { (options) throws(Failure) in try options.setHost(bytes(text)) }
    #expect((failure == nil) == isGood)
    if let failure { #expect(failure.message.contains("host must")) }
  }

  @Test(
    "a port does not belong to the host",
    arguments: [
      ("mail.example.com:587", "mail.example.com", "587"), ("192.0.2.1:25", "192.0.2.1", "25"),
      ("[2001:db8::1]:465", "2001:db8::1", "465"), ("localhost:2525", "localhost", "2525"),
    ])
  func hostWithPort(text: String, host: String, port: String) {
    let failure = refusal { (options) throws(Failure) in try options.setHost(bytes(text)) }
    #expect(
      failure?.message
        == "host must not hold the port: give \"\(host)\" as host and \(port) as port")
    let name = refusal { (options) throws(Failure) in try options.setServername(bytes(text)) }
    #expect(name?.message.contains("tls_servername") == true)
  }

  @Test(
    "a bare address as name gets its brackets (RFC 5321 section 4.1.3)",
    arguments: [
      ("192.0.2.1", "[192.0.2.1]"), ("2001:db8::1", "[IPv6:2001:db8::1]"),
      ("[192.0.2.1]", "[192.0.2.1]"), ("client.example", "client.example"),
      ("my_host.example", "my_host.example"),
    ])
  func names(text: String, effective: String) throws {
    var options = Options()
    try options.setName(bytes(text))
    #expect(options.name == bytes(effective))
  }

  @Test(
    "a name that could end the command is refused (cases 10, 11 of the original)",
    arguments: ["a\r\nMAIL FROM:<x@y>", "a\rb", "a\nb", "a b", "", "-a", "[1.2.3]", "a..b"])
  func badNames(text: String) {
    let failure = refusal { (options) throws(Failure) in try options.setName(bytes(text)) }
    #expect(failure?.code == .options)
    #expect(failure?.message.contains("name must be") == true)
  }

  @Test("limits: 0 is the default, beyond a day is refused, the option keeps its value")
  func limits() throws {
    var options = Options()
    for limit in Limit.allCases {
      try options.setLimit(limit, milliseconds: 5)
      #expect(options.limits[limit] == 5)
      let failure = refusal { (options) throws(Failure) in
        try options.setLimit(limit, milliseconds: Limits.longest + 1)
      }
      #expect(failure?.message.contains(limit.optionName) == true)
      try options.setLimit(limit, milliseconds: 0)
      #expect(options.limits[limit] == limit.standard)
    }
  }

  @Test("a name for TLS is not an address", arguments: ["192.0.2.1", "2001:db8::1", "", "a b"])
  func servernames(text: String) {
    let failure = refusal { (options) throws(Failure) in try options.setServername(bytes(text)) }
    #expect(failure?.message.contains("tls_servername") == true)
  }

  @Test("auth_method is known in any case, or refused with what is known")
  func authMethod() throws {
    var options = Options()
    try options.setAuthMethod(bytes("plain -login"))
    #expect(options.authMethod == bytes("PLAIN -LOGIN"))
    let bad = refusal { (options) throws(Failure) in try options.setAuthMethod(bytes("A.B")) }
    #expect(bad?.message.contains("auth_method") == true)
    for list in ["X-OWN", "PLAIN X-OWN", "-X-OWN"] {
      let unknown = refusal { (options) throws(Failure) in
        try options.setAuthMethod(bytes(list))
        try options.validate()
      }
      #expect(unknown?.message.hasPrefix("auth_method X-OWN is none of ") == true)
      #expect(unknown?.message.contains("CRAM-MD5, PLAIN, LOGIN") == true)
    }
    try options.setAuthMethod(nil)
    #expect(options.authMethod == nil && options.mechanisms.wanted.isEmpty)
  }
}
