import Testing

@testable import SMTPProtocol

/// Policies of MTA-STS (RFC 8461 section 3.2).
@Suite struct STSPolicyTests {
  private func policy(_ lines: String...) throws -> STSPolicy {
    try #require(STSPolicy(bytes(lines.joined(separator: "\n"))))
  }

  /// The example of section 3.2, with both ends of a line.
  @Test(arguments: ["\n", "\r\n"])
  func `the policy of the RFC`(_ end: String) throws {
    let lines = [
      "version: STSv1", "mode: enforce", "mx: mail.example.com", "mx: *.example.net",
      "mx: backupmx.example.com", "max_age: 604800", "",
    ]
    let policy = try #require(STSPolicy(bytes(lines.joined(separator: end))))
    #expect(policy.isEnforced)
    for host in ["mail.example.com", "BackupMX.example.com", "a.example.net", "*.example.net"] {
      #expect(policy.allows(bytes(host)), "\(host)")
    }
    let others = [
      "example.com", "mail2.example.com", "example.net", "a.b.example.net", ".net", "", "mail",
      "mail.example.com.example.org",
    ]
    for host in others { #expect(!policy.allows(bytes(host)), "\(host)") }
  }

  @Test func `only enforce is enforced`() throws {
    let rest = "version:STSv1\nmx:a.example\nmax_age:1\nmode:"
    #expect(try policy(rest + "enforce").isEnforced)
    #expect(try !policy(rest + "testing").isEnforced)
    #expect(try !policy(rest + "none").isEnforced)
    // Without servers it would forbid all of them; section 3.2 allows that for none alone.
    #expect(try !policy("version: STSv1", "mode: none", "max_age: 1").isEnforced)
  }

  @Test func `blanks, unknown fields and repeated ones`() throws {
    let policy = try policy(
      "version :\t STSv1 ", "mode: testing", "mode: enforce", "x-new: a:b", "nothing",
      " mx:\ta.example \t", "max_age: 86400", "max_age: x")
    #expect(!policy.isEnforced)
    #expect(policy.allows(bytes("a.example")))
  }

  @Test(
    arguments: [
      "", "version: STSv2\nmax_age: 1\nmode: none", "version: stsv1\nmax_age: 1\nmode: none",
      "max_age: 1\nmode: none", "version: STSv1\nmode: none",
      "version: STSv1\nmode: none\nmax_age: 1d", "version: STSv1\nmode: none\nmax_age: -1",
      "version: STSv1\nmode: none\nmax_age:", "version: STSv1\nmode: none\nmax_age",
      "version: STSv1\nmax_age: 1", "version: STSv1\nmax_age: 1\nmode: Enforce\nmx: a.example",
      "version: STSv1\nmax_age: 1\nmode: enforce", "version: STSv1\nmax_age: 1\nmode: testing",
      "version: STSv1\nmax_age: 1\nmode: enforce\nmx: a b",
      "version: STSv1\nmax_age: 1\nmode: enforce\nmx: ok.example\nmx:",
      "version: STSv1\nmax_age: 1\nmode: enforce\nmx: *",
      "version: STSv1\nmax_age: 1\nmode: enforce\nmx: *.",
      "version: STSv1\nmax_age: 1\nmode: enforce\nmx: a.*.example",
      "version: STSv1\nmax_age: 1\nmode: enforce\nmx: mail*.example",
      "version: STSv1\nmax_age: 1\nmode: none\nmx: a b",
    ])
  func `what is no policy is refused`(_ text: String) {
    #expect(STSPolicy(bytes(text)) == nil)
  }
}
