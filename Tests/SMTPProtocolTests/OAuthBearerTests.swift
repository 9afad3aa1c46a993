import Testing

@testable import SMTPProtocol

/// OAUTHBEARER (RFC 7628), and what becomes of the error of a server.
@Suite struct OAuthBearerTests {
  private let cryptography = FixedCryptography()
  private static let token = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="

  private func mechanism(
    _ identity: String = "user@example.com", host: String? = "server.example.com", port: Int? = 587
  ) -> OAuthBearer {
    OAuthBearer(
      identity: bytes(identity), token: Secret(bytes(Self.token), cryptography),
      server: OAuthBearer.Server(host: host.map { bytes($0) }, port: port), cryptography)
  }

  private func message(_ mechanism: OAuthBearer) -> String {
    text(mechanism.initialResponse ?? []).replacing("\u{1}", with: "^A")
  }

  /// Sections 4.1: the exchange of SMTP, and that of IMAP, which has another port.
  @Test func `the examples of RFC 7628`() {
    let smtp =
      "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9NTg3AWF1dGg9QmVhcmVyIHZG"
      + "OWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB"
    #expect(cryptography.base64Encode(mechanism().initialResponse ?? []) == bytes(smtp))
    let imap =
      "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZG"
      + "OWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB"
    #expect(cryptography.base64Encode(mechanism(port: 143).initialResponse ?? []) == bytes(imap))
    #expect(
      message(mechanism())
        == "n,a=user@example.com,^Ahost=server.example.com^Aport=587^Aauth=Bearer \(Self.token)^A^A"
    )
  }

  @Test func `what is not known is not named`() {
    #expect(
      message(mechanism(host: nil, port: nil))
        == "n,a=user@example.com,^Aauth=Bearer \(Self.token)^A^A")
  }

  /// RFC 5801 section 4: a comma would end the name.
  @Test func `delimiters in the name are escaped`() {
    #expect(message(mechanism("a,b=c")).hasPrefix("n,a=a=2Cb=3Dc,^A"))
    #expect(message(mechanism("=2C")).hasPrefix("n,a==3D2C,^A"))
  }

  /// What is left of the error of a server.
  private func remark(_ challenge: String) -> String? {
    let mechanism = mechanism()
    guard case .response(let response) = mechanism.answer(bytes(challenge)) else { return nil }
    #expect(response == [1])
    #expect(!mechanism.isComplete)
    return mechanism.remark.map { text($0) }
  }

  /// Sections 4.3 and 4.4.
  @Test func `an error is told by its parts`() {
    #expect(
      remark(
        #"{"status":"invalid_token","scope":"example_scope","openid-configuration":"#
          + #""https://example.com/.well-known/openid-config"}"#)
        == "status invalid_token, scope example_scope, openid-configuration"
        + " https://example.com/.well-known/openid-config")
    #expect(
      remark(
        #"{"status":"invalid_token","schemes":"bearer mac","scope":"https://mail.example.com/"}"#)
        == "status invalid_token, scope https://mail.example.com/")
  }

  @Test(arguments: ["", "{}", "[]", "{\"status\":", "{\"status\":1}", "{\"other\":\"x\"}", "no"])
  func `what has none of them is told as it came`(_ challenge: String) {
    #expect(remark(challenge) == challenge)
  }

  @Test func `an error is bounded and has no control characters`() {
    let long = String(repeating: "x", count: 100_000)
    let told = remark("{\"status\":\"a\\u000d\\nb\",\"scope\":\"\(long)\"}")
    #expect(told?.hasPrefix("status a??b, scope xxx") == true)
    #expect(told?.utf8.count ?? .max < 250)
    let deep = String(repeating: "[", count: 100_000)
    #expect(remark("{\"status\":\(deep)") != nil)
  }

  /// Cut off, or written with escapes, it would not be recognized later.
  @Test(arguments: ["\(token)", "you sent \(token)", "\\u0076\(token.dropFirst())"])
  func `the token is not in the error`(_ value: String) {
    let filler = String(repeating: "y", count: OAuthBearer.explanationLimit - 10)
    for text in [value, filler + value] {
      #expect(remark("{\"status\":\"\(text)\"}")?.hasPrefix("status *") == true)
    }
  }

  @Test func `a second error is cancelled`() {
    let mechanism = mechanism()
    _ = mechanism.answer(bytes("{}"))
    guard case .cancel(let reason) = mechanism.answer(bytes("{\"status\":\"x\"}")) else {
      Issue.record("it was answered")
      return
    }
    #expect(reason.text == "the server sent a second error challenge")
    #expect(mechanism.remark == bytes("{}"))
  }

  // MARK: EXTERNAL and ANONYMOUS

  @Test func `a name for EXTERNAL and a trace for ANONYMOUS, or nothing`() {
    for word in ["fred@example.com", ""] {
      let secret = Secret(bytes(word), cryptography)
      let both: [SingleMessage] = [External(authorization: secret), Anonymous(trace: secret)]
      for mechanism in both {
        #expect(mechanism.initialResponse == bytes(word))
        #expect(mechanism.isComplete && mechanism.secret == nil)
      }
    }
  }

  /// RFC 4505 section 2 counts characters.
  @Test func `a trace has at most 255 characters`() {
    #expect(Anonymous.isTrace([]))
    #expect(Anonymous.isTrace(bytes(String(repeating: "ö", count: 255))))
    #expect(!Anonymous.isTrace(bytes(String(repeating: "a", count: 256))))
  }
}
