import Testing

@testable import SMTPProtocol

@Suite struct DomainTests {
  private static let label63 = String(repeating: "b", count: 63)
  private static let domain255 = "\(label63).\(label63).\(label63).\(label63)"

  /// RFC 5321 section 4.1.2.
  @Test(arguments: [
    "a", "a.b", "localhost", "mx1.example.org", "1.2.3.4", "a-b.c--d", "A.B", label63, domain255,
    // Names of the DNS, and of networks that keep to themselves.
    "a_b", "_a.b_", "_",
  ])
  func `letters, digits, underscores and inner hyphens make a domain`(_ domain: String) {
    #expect(Domain.isValid(bytes(domain)))
  }

  @Test(arguments: [
    "", ".", "a.", ".a", "a..b", "-a", "a-", "a.-b", "a-.b", "-", "a b", " a", "a ", "a,b",
    "a/b", "a@b", "a:b", "[a]", "a\r\nb", "a\0", "é", label63 + "b", domain255 + "b",
    "\(domain255.dropLast()).bb",
  ])
  func `anything else does not`(_ domain: String) {
    #expect(!Domain.isValid(bytes(domain)))
  }

  /// RFC 6531 section 3.3.
  @Test func `UTF-8 is a matter of permission`() {
    #expect(Domain.isValid(bytes("bücher.example"), allowingUTF8: true))
    #expect(!Domain.isValid(bytes("bücher.example")))
    #expect(!Domain.isValid(bytes("bü cher.example"), allowingUTF8: true))
    #expect(!Domain.isValid(bytes("bü..example"), allowingUTF8: true))
  }

  @Test(arguments: [
    "0.0.0.0", "1.2.3.4", "127.0.0.1", "255.255.255.255", "001.002.003.004",
  ])
  func `four numbers make an IPv4 address`(_ address: String) {
    #expect(AddressLiteral.isIPv4(bytes(address)))
  }

  @Test(arguments: [
    "", ".", "1", "1.2.3", "1.2.3.", ".1.2.3", "1.2.3.4.5", "1..2.3", "256.1.1.1", "1.1.1.999",
    "1.1.1.0001", "1.2.3.a", "1.2.3.-4", "1.2.3.4 ", "0x1.2.3.4", "1.2.3.99999999999999999999",
  ])
  func `anything else is no IPv4 address`(_ address: String) {
    #expect(!AddressLiteral.isIPv4(bytes(address)))
  }

  /// RFC 5321 section 4.1.3.
  @Test(arguments: [
    "::", "::1", "1::", "1::8", "1:2:3:4:5:6:7:8", "2001:DB8::a", "1::3:4:5:6:7",
    "::ffff:192.0.2.1",
    "1:2:3:4:5:6:192.0.2.1", "::192.0.2.1", "1::192.0.2.1", "fe80::1:2:3:4", "1:2:3:4:5:6::",
    "::3:4:5:6:7:8", "::192.000.002.001", "0000:0000:0000:0000:0000:0000:0000:0000",
  ])
  func `eight groups, or fewer around a double colon, make an IPv6 address`(_ address: String) {
    #expect(AddressLiteral.isIPv6(bytes(address)))
  }

  @Test(arguments: [
    "", ":", ":::", "1", "1:2", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "::1::", ":1:2:3",
    ":1", "1:", "1:2:3:", "1:2:", ":1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:", "1:2:3:4:5:6:7:",
    ":2:3:4:5:6:7:8", "12345::", "g::", "::1.2.3", "::1.2.3.256", "1.2.3.4", "1.2.3.4::",
    "1.2.3.4:5:6",
    "1:2:3:4:5:6:7:1.2.3.4", "::1%eth0", "::1 ", "1:::2", "::-1", "1:2:3:4:5:6:7::8",
    "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::3:4:5:6:7:8",
  ])
  func `anything else is no IPv6 address`(_ address: String) {
    #expect(!AddressLiteral.isIPv6(bytes(address)))
  }

  @Test(arguments: ["[1.2.3.4]", "[IPv6:::1]", "[ipv6:::1]", "[x:y]", "[a-b:!\"#Z^~]", "[-a:y]"])
  func `a literal is an address in brackets, or a tag and text`(_ literal: String) {
    #expect(AddressLiteral.isValid(bytes(literal)))
  }

  @Test(arguments: [
    "", "[", "]", "[]", "[[]", "1.2.3.4", "[1.2.3.4", "1.2.3.4]", "[1.2.3]", "[::1]", "[IPv6:]",
    "[IPv6:1.2.3.4]", "[IPv6:x]", "[x:]", "[:y]", "[x-:y]", "[x y:z]", "[x:a b]", "[x:a[b]",
    "[x:a]b]", "[x:a\\b]", "[x:é]", "[x:\r\n]", "[IPv6]", "[1.2.3.4] ",
  ])
  func `anything else is no literal`(_ literal: String) {
    #expect(!AddressLiteral.isValid(bytes(literal)))
  }
}

/// Domains outside ASCII, of options and addresses.
@Suite struct DomainConversionTests {
  private func ascii(_ domain: String) -> String {
    do throws(DomainRefusal) {
      return text(try Domain.ascii(bytes(domain), FixedDomains.shared))
    } catch {
      return error.reason.text
    }
  }

  @Test(arguments: [
    // What is ASCII is not looked at here.
    ("x.example", "x.example"), ("a b", "a b"), ("", ""),
    ("bücher.example", "xn--bcher-kva.example"), ("é.example", "has no A-label: \"é.example\""),
    ("é＠x.example", "is no domain"), ("é>.example", "is no domain"),
    ("é\u{200B}.example", "holds the blank or invisible character U+200B"),
  ])
  func `a domain gets A-labels or a reason`(_ given: String, _ result: String) {
    #expect(ascii(given) == result)
  }

  @Test func `octets that are not UTF-8 are not converted`() {
    #expect(throws: DomainRefusal.self) {
      try Domain.ascii([0xE9, 0x2E, 0x78], FixedDomains.shared)
    }
  }

  private func path(_ address: String, _ keywords: String...) throws -> String {
    let mailbox = try Mailbox(bytes(address), domains: FixedDomains.shared)
    let capabilities = Capabilities(
      reply: Reply(code: 250, lines: (["mx"] + keywords).map { bytes($0) }))
    #expect(mailbox.isInternationalized)
    return mailbox.needsSMTPUTF8 && keywords.isEmpty
      ? "needs SMTPUTF8" : text(mailbox.path(capabilities))
  }

  /// RFC 6531 section 3.2.
  @Test(arguments: [
    ("a@bücher.example", "a@xn--bcher-kva.example"), ("é@bücher.example", "needs SMTPUTF8"),
    ("\"a@b\"@bücher.example", "\"a@b\"@xn--bcher-kva.example"), ("a@é.example", "needs SMTPUTF8"),
    ("é@x.example", "needs SMTPUTF8"),
  ])
  func `an address is written as the server can take it`(
    _ given: String, _ written: String
  ) throws {
    #expect(try path(given) == written)
    #expect(try path(given, "SMTPUTF8") == given)
  }

  /// RFC 5321 section 4.5.3.1.4.
  @Test func `an address that A-labels make too long stays as it is`() throws {
    let local = String(repeating: "a", count: 440)
    #expect(try path("\(local)@ü.x") == "needs SMTPUTF8")
    let mailbox = try Mailbox(bytes("\(local)@ü.x"), domains: FixedDomains.shared)
    #expect(mailbox.reasonForSMTPUTF8?.text == "with an A-label it is longer than 498 octets")
  }

  @Test func `addresses are equal when they are written alike`() throws {
    let one = try Mailbox(bytes("a@bücher.example"), domains: FixedDomains.shared)
    #expect(one == (try Mailbox(bytes("a@bücher.example"))))
    #expect(one != (try Mailbox(bytes("a@xn--bcher-kva.example"))))
  }
}
