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
