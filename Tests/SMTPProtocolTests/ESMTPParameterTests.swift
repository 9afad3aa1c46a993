import Testing

@testable import SMTPProtocol

/// What the texts of parameters may be. How they are written where a server offers them is in
/// Tests/transcripts/parameters.txt.
@Suite struct ESMTPParameterTests {
  private typealias Parse = ([UInt8]) throws(ESMTPParameter.Refusal) -> ESMTPParameter

  private func written(_ parameter: ESMTPParameter) -> String {
    var output = SessionOutput(nil)
    parameter.write(to: &output)
    #expect(output.count == parameter.length)
    return text(output.bytes)
  }

  private func refusal(_ given: String, _ parse: Parse) -> String {
    do {
      return "taken: \(written(try parse(bytes(given))))"
    } catch {
      return error.reason.text
    }
  }

  // MARK: DELIVERBY

  @Test(arguments: [
    ("1;R", 1), ("999999999;NT", 999_999_999), ("-1;N", -1), ("+7;R", 7), ("0;N", 0),
  ])
  func `BY is a time and a mode`(_ given: String, _ seconds: Int64) throws {
    let parameter = try ESMTPParameter.deliverBy(bytes(given))
    #expect(parameter.number == seconds)
    #expect(written(parameter) == " BY=\(given)")
    // RFC 2852 section 2 gives the command line 17 octets.
    #expect(parameter.length <= 17)
  }

  @Test(arguments: [
    "", ";", "R", "60", "60;", "60;X", "60;T", "60;RN", "60;RTT", "60; R", " 60;R", "60;R ",
    "6 0;R",
    "1234567890;R", "--1;N", "+-1;N", "-;N", "+;R", "1.5;R", "0x1;R", "60;R\r\n", "60;R;T",
    "60;R\0",
    "٣;R",
  ])
  func `BY is nothing else`(_ given: String) {
    #expect(refusal(given, ESMTPParameter.deliverBy).hasPrefix("must be seconds of up to 9 digits"))
  }

  /// RFC 2852 section 4: only a time that lasts can return a message.
  @Test(arguments: ["0;R", "-1;R", "+0;RT", "-999999999;r"])
  func `BY with R is in the future`(_ given: String) {
    #expect(refusal(given, ESMTPParameter.deliverBy).hasPrefix("must be 1 second or more with R"))
  }

  // MARK: FUTURERELEASE

  @Test(arguments: [
    "", "2026-12-24", "2026-12-24T18:00Z", "2026-12-24T18:00:00", "2026-12-24 18:00:00Z",
    "2026-12-24T18:00:00.5Z", "2026-12-24T18:00:00+00:00", "2026-12-24T18:00:00Z ", "x",
    "2026-12-24T18:00:00ZZ", "tomorrow", "2026-12-24T18:00:00Z\r\n",
  ])
  func `HOLDUNTIL is a moment in UTC`(_ given: String) {
    #expect(refusal(given, ESMTPParameter.holdUntil).hasPrefix("must be a moment in UTC"))
  }

  // MARK: RRVS

  @Test(arguments: [
    "", ";C", "2026-01-31T12:00:00Z;", "2026-01-31T12:00:00Z;X", "2026-01-31T12:00:00Z;CR",
    "2026-01-31T12:00:00Z; C", "2026-01-31T12:00:00Z,C", "2026-01-31;C", "2026-01-31T12:00:00Z;C\0",
  ])
  func `RRVS is a moment and a letter`(_ given: String) {
    #expect(refusal(given, ESMTPParameter.validSince).hasPrefix("must be a moment as in"))
  }

  /// RFC 7293 gives the command line 33 octets.
  @Test func `the longest RRVS has room`() throws {
    let parameter = try ESMTPParameter.validSince(bytes("2026-01-31T13:00:00+01:00;c"))
    #expect(written(parameter) == " RRVS=2026-01-31T13:00:00+01:00;C")
    #expect(parameter.length == 33)
  }

  // MARK: AUTH

  @Test(arguments: [
    ("", "is empty"), ("a", "has no @"), ("<a@b.example>", "has angle brackets"), ("<", "has no @"),
    ("é@b.example", "is not ASCII"), ("a@b.example\r\n", "contains a control character"),
  ])
  func `AUTH is a mailbox or empty brackets`(_ given: String, _ reason: String) {
    let refusal = refusal(given, ESMTPParameter.authSender)
    #expect(refusal.hasPrefix("must be a mailbox, or <> "))
    #expect(refusal.contains(reason))
  }

  /// RFC 4954 section 5 gives the command line 500 octets.
  @Test func `AUTH has no more than its room`() throws {
    let domain =
      "@" + ["b", "b", "b"].map { String(repeating: $0, count: 63) }.joined(separator: ".")
    let most = String(repeating: "+", count: 100) + domain
    let parameter = try ESMTPParameter.authSender(bytes(String(repeating: "a", count: 2) + most))
    #expect(parameter.length == 6 + 2 + 300 + domain.utf8.count)
    #expect(parameter.length == 500)
    #expect(
      refusal("aaa" + most, ESMTPParameter.authSender)
        == "must not be longer than 494 octets when encoded")
  }

  // MARK: NO-SOLICITING

  @Test(arguments: [
    "", ",", "a,", ",a", "a,,b", "1a", "a b", "a;b", "a=b", ":a", "-a", "a\0", "é", "a,b\r\n",
    String(repeating: "a", count: 999), "a" + String(repeating: ",b", count: 499),
  ])
  func `SOLICIT is a list of keywords`(_ given: String) {
    #expect(refusal(given, ESMTPParameter.solicit).hasPrefix("must be keywords with commas"))
  }

  /// RFC 3865 gives the command line 1007 octets.
  @Test func `the longest SOLICIT has room`() throws {
    let parameter = try ESMTPParameter.solicit(bytes(String(repeating: "a", count: 998)))
    #expect(parameter.length == 1007)
    #expect(written(try ESMTPParameter.solicit(bytes(" a.b-c_d:1 ,\tx"))) == " SOLICIT=a.b-c_d:1,x")
  }

  // MARK: What a server announces

  /// Lists have commas; what is not understood means nothing.
  @Test(arguments: [
    ("DELIVERBY 120,X-MORE", true), ("DELIVERBY 119,120", false), ("DELIVERBY ,120", false),
    ("DELIVERBY 120, 1", true), ("NO-SOLICITING y, ORG.example:adv", true),
    ("NO-SOLICITING org.example:adv:x,org.example", false), ("NO-SOLICITING ,", false),
    ("NO-SOLICITING", false), ("DELIVERBY", false),
  ])
  func `a limit in a list`(_ offer: String, _ isRefused: Bool) throws {
    let capabilities = Capabilities(reply: Reply(250, "mx.example", offer))
    let parameter: ESMTPParameter =
      offer.hasPrefix("D")
      ? try .deliverBy(bytes("119;RT")) : try .solicit(bytes("x,org.example:ADV"))
    #expect((parameter.refusal(by: capabilities) != nil) == isRefused)
  }

  // MARK: Others

  private func further(_ name: String, _ value: String) -> String {
    refusal(name) { (name) throws(ESMTPParameter.Refusal) in
      try ESMTPParameter.further(name, bytes(value))
    }
  }

  @Test(arguments: [
    ("X", "", " X"), ("0-a", "!<>~", " 0-a=!<>~"), ("TRANSID", "<1.2@x>", " TRANSID=<1.2@x>"),
  ])
  func `a further parameter is written as it is`(_ name: String, _ value: String, _ line: String) {
    #expect(further(name, value) == "taken: \(line)")
  }

  @Test(arguments: ["", "-X", "X=", "X Y", "X_Y", "é", "X\r\n", "X\0", " X"])
  func `the name of a further parameter is a keyword`(_ name: String) {
    #expect(further(name, "1").hasPrefix("must have a name of letters, digits and hyphens"))
  }

  @Test(arguments: ["a b", " ", "a=b", "é", "\r\n", "\0", "\u{7F}", "a\tb"])
  func `the value of a further parameter is one word`(_ value: String) {
    #expect(further("X", value).hasPrefix("must have a value of printable ASCII characters"))
  }

  @Test(arguments: [
    ("SIZE", "size"), ("body", "use_8bitmime"), ("SmtpUtf8", "use_smtputf8"),
    ("REQUIRETLS", "require_tls"), ("RET", "dsn_ret"), ("ENVID", "dsn_envid"),
    ("NOTIFY", "dsn_notify"), ("ORCPT", "dsn_orcpt"), ("BY", "deliver_by"),
    ("MT-PRIORITY", "mt_priority"), ("HOLDFOR", "hold_for"), ("HOLDUNTIL", "hold_until"),
    ("AUTH", "auth_sender"), ("SOLICIT", "solicit"), ("RRVS", "to_rrvs"),
  ])
  func `a parameter with a function is set with that`(_ name: String, _ field: String) {
    #expect(
      further(name, "1")
        == "must not be one that has a function of its own: use smtpconn_envelope_set_\(field)")
  }

  @Test func `a name is there once, in whatever case`() throws {
    var parameters = ESMTPParameters()
    #expect(parameters.isEmpty)
    for (name, value) in [("X-A", "1"), ("X-B", ""), ("x-a", "2")] {
      parameters[named: bytes(name)] = try .further(bytes(name), bytes(value))
    }
    #expect(parameters.all.map { text($0.name) } == ["x-a", "X-B"])
    #expect(parameters[named: bytes("X-a")]?.text == bytes("2"))
    #expect(parameters[named: bytes("X")] == nil)
    #expect(parameters.furtherLength == " x-a=2 X-B".utf8.count)
    parameters[named: bytes("X-A")] = nil
    parameters[named: bytes("X-C")] = nil
    parameters[.priority] = .priority(1)
    #expect(parameters.all.map { text($0.name) } == ["X-B", "MT-PRIORITY"])
    #expect(parameters.furtherLength == " X-B".utf8.count)
  }

  /// Nothing else says that the request has parameters.
  @Test func `a parameter of one recipient alone is written, and refused`() throws {
    var request = SendRequest(
      from: nil, recipients: [try Mailbox(bytes("b@y.example"))], size: nil, use8BitMIME: nil)
    request.changeRecipient(0) { $0.parameters[.priority] = .priority(2) }
    var output = SessionOutput(nil)
    request.writeRecipient(request.recipients[0], to: &output, .none)
    #expect(text(output.bytes) == "RCPT TO:<b@y.example> MT-PRIORITY=2\r\n")
    let refusal = request.refusal(
      by: .none, security: .init(isSecure: true, isVerified: true), allowsChunks: false)
    #expect(refusal?.recipient == bytes("b@y.example"))
  }
}
