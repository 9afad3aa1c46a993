import Testing

@testable import SMTPProtocol

/// RFC 5321 section 4.1.2 and RFC 6531 section 3.3.
@Suite struct MailboxTests {
  private static let a64 = String(repeating: "a", count: 64)
  private static let label63 = String(repeating: "b", count: 63)
  private static let a308 = String(repeating: "a", count: 308)
  /// 308 + 1 + 189 octets: with "MAIL FROM:<", ">" and CRLF 512.
  private static let longest = "\(a308)@\(label63).\(label63).\(String(repeating: "c", count: 61))"

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
    "a@[x-tag:any!thing]", "a@b_c.example", "a@_b.example_", "\(a64)a@b.example",
    "\"\(a308)\"@b.example",
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
    ("a@", "has nothing after the @"),
    ("@", "has nothing before the @"),
    (".a@b.example", "has a misplaced dot before the @; quote the local part"),
    ("a.@b.example", "has a misplaced dot before the @; quote the local part"),
    ("a..b@b.example", "has a misplaced dot before the @; quote the local part"),
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
    ("a@b.example>", "has a bad domain after the @"),
    ("a@b.example> NOTIFY=NEVER", "has a bad domain after the @"),
    ("a@b.example SIZE=1", "has a bad domain after the @"),
    ("a@b example", "has a bad domain after the @"),
    ("a@.example", "has a bad domain after the @"),
    ("a@b.", "has a bad domain after the @"),
    ("a@b..example", "has a bad domain after the @"),
    ("a@-b.example", "has a bad domain after the @"),
    ("a@b-.example", "has a bad domain after the @"),
    ("a@b\"c\".example", "has a bad domain after the @"),
    ("a@\(label63)b.example", "has a bad domain after the @"),
    ("a@[127.0.0.1", "has a bad address literal after the @"),
    ("a@[127.0.0.256]", "has a bad address literal after the @"),
    ("a@[]", "has a bad address literal after the @"),
    ("a@[::1]", "has a bad address literal after the @"),
    ("a@127.0.0.1]", "has a bad domain after the @"),
    ("\(longest)c", "is longer than 498 octets"),
    ("a@\(String(repeating: "\(label63).", count: 4))b", "has a bad domain after the @"),
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
    for place in places { #expect(refusal(place) == "contains a control character") }
  }

  /// The advisory GHSA-vvjj-xcjg-gr5g of the original is of this kind.
  @Test func `commands cannot be put into an address`() {
    #expect(
      refusal(bytes("a@b.example>\r\nRCPT TO:<c@d.example")) == "contains a control character")
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

  /// What is given in place of an address, and what to give instead.
  @Test(arguments: [
    (
      "Ann <ann@x.example>",
      "has a display name; give only the address in the angle brackets, \"ann@x.example\""
    ),
    (
      "\"Smith, Ann\" <ann@x.example>",
      "has a display name; give only the address in the angle brackets, \"ann@x.example\""
    ),
    (
      "Smith, Ann <a@x>", "has a display name; give only the address in the angle brackets, \"a@x\""
    ),
    ("<ann@x.example>", "has angle brackets; give \"ann@x.example\" without them"),
    ("<>", "is the null reverse-path, which only the sender can have"),
    ("a@x, b@x", "is more than one address; give each of them alone"),
    ("a@x,b@x", "is more than one address; give each of them alone"),
    ("a@x;", "is more than one address; give each of them alone"),
    ("Ann <a@x>, Bob <b@x>", "is more than one address; give each of them alone"),
    ("a@x (Ann)", "ends with a comment; leave out the parentheses"),
    ("mailto:ann@x", "is a URL; leave out \"mailto:\""),
    ("MAILTO:ann@x?subject=a", "is a URL; leave out \"mailto:\""),
    // Nothing known: the reason stays what it is.
    ("Ann \"<ann@x.example>", "holds \" \" outside a quoted string"),
    ("a@b.example>", "has a bad domain after the @"),
    ("ann@x.example <ann@x.example", "holds \"@\" outside a quoted string"),
  ])
  func `a refusal says what to give instead`(_ address: String, _ reason: String) {
    #expect(refusal(bytes(address)) == reason)
  }

  /// What looks like that inside quotes is an address.
  @Test(arguments: ["\"a@x, b@x\"@c.example", "\"Ann <ann@x>\"@c.example", "\"<a>\\\"(b)\"@c"])
  func `quoted strings hold anything`(_ address: String) {
    #expect(refusal(bytes(address)) == nil)
  }

  /// Nobody has read them in an address.
  @Test(arguments: [
    ("\u{200B}", "U+200B"), ("\u{A0}", "U+00A0"), ("\u{AD}", "U+00AD"), ("\u{85}", "U+0085"),
    ("\u{202F}", "U+202F"), ("\u{2009}", "U+2009"), ("\u{202E}", "U+202E"), ("\u{2060}", "U+2060"),
    ("\u{2028}", "U+2028"), ("\u{3000}", "U+3000"), ("\u{FEFF}", "U+FEFF"), ("\u{3164}", "U+3164"),
    ("\u{E0041}", "U+E0041"), ("\u{FFFF}", "U+FFFF"), ("\u{10FFFE}", "U+10FFFE"),
    ("\u{200C}", "U+200C"), ("\u{200D}", "U+200D"), ("\u{200E}", "U+200E"),
  ])
  func `characters that are blank or invisible are refused`(_ unseen: String, _ name: String) {
    let reason = "holds the blank or invisible character \(name)"
    for place in [
      "\(unseen)a@b.example", "a\(unseen)@b.example", "a@b\(unseen).example",
      "a@b.example\(unseen)", "\"a\(unseen)\"@b.example", "é\(unseen)@b.example",
    ] {
      #expect(refusal(bytes(place)) == reason)
    }
  }

  @Test func `what a decoder could not read is refused`() {
    #expect(
      refusal(bytes("jos\u{FFFD}@b.example"))
        == "holds U+FFFD, the replacement for octets that could not be decoded")
  }

  /// Neighbours of what is refused, and the joiners of Persian and Hindi between letters.
  @Test(arguments: [
    "\u{A1}", "\u{AC}", "\u{AE}", "\u{350}", "\u{606}", "\u{1FFF}", "\u{2010}", "\u{2030}",
    "\u{2070}", "\u{2801}", "\u{3001}", "\u{FE0F}", "\u{FFFC}", "\u{E0100}", "می\u{200C}خواهم",
    "क्\u{200D}ष", "\u{1F600}",
  ])
  func `other characters are allowed`(_ seen: String) {
    #expect(refusal(bytes("\(seen)@b.example")) == nil)
  }

  /// LMTP delivers to mailboxes that need no domain.
  @Test(arguments: ["alice", "+shared.folder", "\"a b\"", "é", "a.b"])
  func `a local part alone is allowed where it is asked for`(_ address: String) throws {
    let mailbox = try Mailbox(bytes(address), allowingLocalPart: true)
    #expect(text(mailbox.bytes) == address)
    #expect(mailbox.isLocalPart && mailbox.domain.isEmpty)
    #expect(refusal(bytes(address)) == "has no @")
    #expect(try !Mailbox(bytes("\(address)@b.example"), allowingLocalPart: true).isLocalPart)
    #expect(try !Mailbox(bytes("Postmaster"), allowingPostmaster: true).isLocalPart)
  }

  @Test(arguments: [
    ("", "is empty"), ("a b", "holds \" \" outside a quoted string"),
    (".a", "has a misplaced dot before the @; quote the local part"),
    ("a@", "has nothing after the @"), ("a>", "holds \">\" outside a quoted string"),
  ])
  func `a local part is checked`(_ address: String, _ reason: String) {
    #expect(throws: Mailbox.Refusal.self) {
      try Mailbox(bytes(address), allowingLocalPart: true)
    }
    do throws(Mailbox.Refusal) {
      _ = try Mailbox(bytes(address), allowingLocalPart: true)
    } catch {
      #expect(error.reason.text == reason)
    }
  }

  /// RFC 5321 section 4.1.1.3.
  @Test(arguments: ["postmaster", "Postmaster", "POSTMASTER"])
  func `postmaster alone is a recipient but no sender`(_ address: String) throws {
    let mailbox = try Mailbox(bytes(address), allowingPostmaster: true)
    #expect(text(mailbox.bytes) == address)
    #expect(refusal(bytes(address)) == "has no @")
  }

  @Test(arguments: ["postmaste", "postmasters", "root", "postmaster>"])
  func `no other name is valid alone`(_ address: String) {
    #expect(throws: Mailbox.Refusal.self) {
      try Mailbox(bytes(address), allowingPostmaster: true)
    }
  }
}
