import Testing

@testable import SMTPProtocol

/// RFC 5321 section 4.1.2 and RFC 6531 section 3.3.
@Suite struct MailboxTests {
  private static let a64 = String(repeating: "a", count: 64)
  private static let label63 = String(repeating: "b", count: 63)
  /// 64 + 1 + 189 octets.
  private static let longest = "\(a64)@\(label63).\(label63).\(String(repeating: "c", count: 61))"

  private func refusal(_ address: [UInt8]) -> String? {
    do throws(Mailbox.Refusal) {
      _ = try Mailbox(address)
      return nil
    } catch {
      return error.reason.text
    }
  }

  @Test(arguments: [
    "a@b", "a@b.example", "user@localhost", "first.last@b.example", "a+tag@b.example",
    "!#$%&'*+-/=?^_`{|}~@b.example", "0@0.example", "A.B@EXAMPLE.ORG", "a@x-y.example",
    "a@xn--bcher-kva.example", "\"a b\"@b.example", "\"a@b\"@b.example", "\"a\\\"b\"@b.example",
    "\"a\\\\\"@b.example", "\".a..b.\"@b.example", "\"<>(),:;[]\"@b.example",
    "\"a> NOTIFY=NEVER\"@b.example", "\(a64)@b.example", "\"\(a64.dropLast(2))\"@b.example",
    "a@\(label63).example", longest,
    "a@[127.0.0.1]", "a@[255.255.255.255]", "a@[IPv6:::1]", "a@[ipv6:2001:db8::1]",
    "a@[IPv6:1:2:3:4:5:6:7:8]", "a@[IPv6:::ffff:192.0.2.1]", "a@[IPv6:1:2:3:4:5:6:192.0.2.1]",
    "a@[x-tag:any!thing]",
  ])
  func `what the grammar allows is taken as it is`(_ address: String) throws {
    let mailbox = try Mailbox(bytes(address))
    #expect(text(mailbox.bytes) == address)
    #expect(!mailbox.isInternationalized)
  }

  @Test(arguments: [
    "é@b.example", "a.é@b.example", "a@é.example", "\"é ü\"@b.example", "用户@例子.广告",
    // Cut to their low octet these would be CR and LF.
    "\u{10D}\u{10A}@b.example", "a@\u{10D}.example", "a\u{120A}@b.example",
    // The same for "<", ">" and space.
    "\u{13C}\u{13E}\u{120}@b.example",
    "a@\(String(repeating: "é", count: 40)).example",
  ])
  func `UTF-8 is allowed and marked`(_ address: String) throws {
    let mailbox = try Mailbox(bytes(address))
    #expect(text(mailbox.bytes) == address)
    #expect(mailbox.isInternationalized)
  }

  @Test(arguments: [
    ("", "is empty"),
    ("a", "has no @"),
    ("postmaster", "has no @"),
    ("@b.example", "has nothing before the @"),
    ("a@", "has nothing behind the @"),
    ("@", "has nothing before the @"),
    (".a@b.example", "has a dot too many before the @; quote that part"),
    ("a.@b.example", "has a dot too many before the @; quote that part"),
    ("a..b@b.example", "has a dot too many before the @; quote that part"),
    ("a b@b.example", "holds \" \" outside a quoted string"),
    (" a@b.example", "holds \" \" outside a quoted string"),
    ("<a@b.example", "holds \"<\" outside a quoted string"),
    ("a>@b.example", "holds \">\" outside a quoted string"),
    ("a> NOTIFY=NEVER@b.example", "holds \">\" outside a quoted string"),
    ("a@b@c.example", "holds \"@\" outside a quoted string"),
    ("a,b@b.example", "holds \",\" outside a quoted string"),
    ("a;b@b.example", "holds \";\" outside a quoted string"),
    ("a:b@b.example", "holds \":\" outside a quoted string"),
    ("(c)a@b.example", "holds \"(\" outside a quoted string"),
    ("a[b]@b.example", "holds \"[\" outside a quoted string"),
    ("a\\b@b.example", "holds \"\\\" outside a quoted string"),
    ("a\"b\"@b.example", "holds \"\"\" outside a quoted string"),
    ("\"@b.example", "has a quoted string without end"),
    ("\"a@b.example", "has a quoted string without end"),
    ("\"a\"b\"@b.example", "has a quoted string that ends before the @"),
    ("\"a\"b@b.example", "has a quoted string without end"),
    ("\"a\\\"@b.example", "has a quoted string without end"),
    ("a@b.example>", "has a bad domain behind the @"),
    ("a@b.example> NOTIFY=NEVER", "has a bad domain behind the @"),
    ("a@b.example SIZE=1", "has a bad domain behind the @"),
    ("a@b example", "has a bad domain behind the @"),
    ("a@.example", "has a bad domain behind the @"),
    ("a@b.", "has a bad domain behind the @"),
    ("a@b..example", "has a bad domain behind the @"),
    ("a@-b.example", "has a bad domain behind the @"),
    ("a@b-.example", "has a bad domain behind the @"),
    ("a@b_c.example", "has a bad domain behind the @"),
    ("a@b\"c\".example", "has a bad domain behind the @"),
    ("a@\(label63)b.example", "has a bad domain behind the @"),
    ("a@[127.0.0.1", "has a bad address literal behind the @"),
    ("a@[127.0.0.256]", "has a bad address literal behind the @"),
    ("a@[]", "has a bad address literal behind the @"),
    ("a@[::1]", "has a bad address literal behind the @"),
    ("a@127.0.0.1]", "has a bad domain behind the @"),
    ("\(a64)a@b.example", "has more than 64 octets before the @"),
    ("\"\(a64)\"@b.example", "has more than 64 octets before the @"),
    ("\(String(repeating: "é", count: 33))@b.example", "has more than 64 octets before the @"),
    ("\(longest)c", "is longer than 254 octets"),
  ])
  func `what the grammar does not allow is refused with the reason`(
    _ address: String, _ reason: String
  ) {
    #expect(refusal(bytes(address)) == reason)
  }

  @Test(arguments: Array(0...0x1F) + [0x7F] as [UInt8])
  func `no control character is allowed anywhere`(_ control: UInt8) {
    let places: [[UInt8]] = [
      bytes("a") + [control] + bytes("b@c.example"),
      bytes("\"a") + [control] + bytes("\"@c.example"),
      bytes("\"a\\") + [control] + bytes("\"@c.example"),
      bytes("a@b") + [control] + bytes(".example"),
      bytes("a@[x:") + [control] + bytes("]"), [control] + bytes("a@b.example"),
      bytes("a@b.example") + [control], bytes("é") + [control] + bytes("@b.example"),
    ]
    for place in places { #expect(refusal(place) == "holds a control character") }
  }

  /// Seed 2.4, and the advisory GHSA-vvjj-xcjg-gr5g for its kind.
  @Test func `commands cannot be put into an address`() {
    #expect(refusal(bytes("a@b.example>\r\nRCPT TO:<c@d.example")) == "holds a control character")
  }

  @Test(
    arguments: [
      [0xFF], [0xC3], [0xC3, 0x28], [0x80], [0xC0, 0x8D], [0xC0, 0x8A], [0xE0, 0x80, 0x8D],
      [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC1, 0xBF],
    ] as [[UInt8]])
  func `octets that are not UTF-8 are refused`(_ octets: [UInt8]) {
    #expect(refusal(bytes("a") + octets + bytes("@b.example")) == "is not UTF-8")
    #expect(refusal(bytes("a@") + octets + bytes(".example")) == "is not UTF-8")
  }

  /// RFC 5321 section 4.1.1.3.
  @Test(arguments: ["postmaster", "Postmaster", "POSTMASTER"])
  func `postmaster alone is a recipient but no sender`(_ address: String) throws {
    let mailbox = try Mailbox(bytes(address), allowingPostmaster: true)
    #expect(text(mailbox.bytes) == address)
    #expect(refusal(bytes(address)) == "has no @")
  }

  @Test(arguments: ["postmaste", "postmasters", "root", "postmaster>"])
  func `no other name stands alone`(_ address: String) {
    #expect(throws: Mailbox.Refusal.self) {
      try Mailbox(bytes(address), allowingPostmaster: true)
    }
  }
}
