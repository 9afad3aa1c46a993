import Testing

@testable import SMTPProtocol

@Suite struct TokenTests {
  private let url = EndpointURL(bytes("https://a.example:8443/token?x=1"))!

  private let cryptography = FixedCryptography()

  private func secret(_ text: String) -> Secret { Secret(bytes(text), cryptography) }

  private func request(_ body: String) -> String {
    "POST /token?x=1 HTTP/1.1\r\nHost: a.example:8443\r\n"
      + "Content-Type: application/x-www-form-urlencoded\r\nAccept: application/json\r\n"
      + "Connection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  /// RFC 6749 section 6.
  @Test func `a refresh token is asked with`() {
    let full = TokenRequest(
      url, clientID: bytes("id"), clientSecret: secret("s&=+%"), refreshToken: secret("1//x~é"),
      scope: bytes("https://mail.example/ a"), cryptography)
    #expect(
      text(full.octets.bytes)
        == request(
          "grant_type=refresh_token&client_id=id&refresh_token=1%2F%2Fx%7E%C3%A9"
            + "&client_secret=s%26%3D%2B%25&scope=https%3A%2F%2Fmail.example%2F%20a"))
    let least = TokenRequest(
      url, clientID: bytes("a-b.c_d"), clientSecret: secret(""), refreshToken: secret("\r\n"),
      scope: [], cryptography)
    #expect(
      text(least.octets.bytes)
        == request("grant_type=refresh_token&client_id=a-b.c_d&refresh_token=%0D%0A"))
  }

  /// RFC 7523 section 2.1.
  @Test func `an assertion is asked with`() {
    #expect(
      text(TokenRequest(url, assertion: secret("aa.b-_.c="), cryptography).octets.bytes)
        == request(
          "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=aa.b-_.c%3D"))
  }

  // MARK: Answers

  private func read(_ status: Int, _ body: String) -> Result<AccessToken, Failure> {
    let response = HTTPResponse(cryptography)
    response.append(
      bytes("HTTP/1.1 \(status) x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")[...])
    let request = TokenRequest(
      url, clientID: [], clientSecret: secret(""), refreshToken: secret("r"), scope: [],
      cryptography)
    return AccessToken.read(response, to: request, now: 1000, cryptography)
  }

  @Test(
    arguments: [
      (#"{"access_token":"ya29.x","expires_in":3599,"token_type":"Bearer"}"#, 4599),
      (#"{"expires_in":"60","access_token":"ya29.x"}"#, 1060),
      (#"{"access_token":"ya29.x"}"#, nil), (#"{"access_token":"ya29.x","expires_in":null}"#, nil),
      (#"{"access_token":"ya29.x","expires_in":0,"error":null}"#, 1000),
    ] as [(String, Int64?)])
  func `token and lifetime are read`(_ body: String, _ expires: Int64?) throws {
    let token = try read(200, body).get()
    #expect(text(token.token.bytes) == "ya29.x")
    #expect(token.expires == expires)
  }

  /// Not one that never ends.
  @Test func `a lifetime below zero is over`() throws {
    let token = try read(200, #"{"access_token":"x","expires_in":-5}"#).get()
    #expect(!token.isValid(at: 1000))
  }

  @Test func `a token is valid before it ends`() {
    let token = AccessToken(token: secret("x"), expires: 100)
    #expect(token.isValid(at: 99))
    #expect(!token.isValid(at: 100))
    #expect(!token.isValid(at: 101))
    #expect(AccessToken(token: secret("x"), expires: nil).isValid(at: .max))
  }

  @Test(arguments: [
    (400, #"{"error":"invalid_grant"}"#, "refused: invalid_grant", "no"),
    (
      400, #"{"error":"invalid_grant","error_description":"Token\nrevoked"}"#,
      "refused: invalid_grant: Token?revoked", "no"
    ),
    (200, #"{"error":"x","access_token":"y"}"#, "refused: x", "no"),
    (503, #"{"error":"temporarily_unavailable"}"#, "refused: temporarily_unavailable", "safe"),
    (429, "slow down", "answered 429 without JSON", "safe"),
    (502, "<html>", "answered 502 without JSON", "safe"),
    (404, "", "answered 404 without JSON", "no"),
    (200, "{}", "answered 200 without an access token", "no"),
    (201, #"{"access_token":"x"}"#, "answered 201 without an access token", "no"),
    (200, #"{"access_token":""}"#, "answered 200 without an access token", "no"),
    (200, #"{"access_token":"a b"}"#, "answered 200 without an access token", "no"),
    (200, #"{"access_token":"a\u0001b"}"#, "answered 200 without an access token", "no"),
    (200, #"{"access_token":"é"}"#, "answered 200 without an access token", "no"),
    (200, #"{"access_token":1}"#, "answered 200 without an access token", "no"),
    (400, #"{"error":{"code":1}}"#, "answered 400 without an access token", "no"),
  ])
  func `a refusal quotes the endpoint`(
    _ status: Int, _ body: String, _ said: String, _ retry: String
  ) {
    guard case .failure(let failure) = read(status, body) else {
      Issue.record("a token")
      return
    }
    #expect(failure.message == "the token endpoint \(said)")
    #expect(failure.line == "oauth2, AUTH, auth phase, retry \(retry)")
  }

  @Test func `what the endpoint says is bounded`() {
    let long = String(repeating: "x", count: 1000)
    guard
      case .failure(let failure) = read(
        400, #"{"error":"\#(long)","error_description":"\#(long)"}"#)
    else {
      Issue.record("a token")
      return
    }
    #expect(failure.message.utf8.count < 750)
    #expect(failure.message.hasSuffix("..."))
  }

  // MARK: Assertions

  private func assertion(_ now: Int64, key: String, subject: String = "u@x.example") -> [UInt8]? {
    JSONWebToken.assertion(
      issuer: bytes("sa@x.example"), subject: bytes(subject), scope: bytes("s"),
      audience: bytes("https://a.example/token"), now: now, key: bytes(key),
      cryptography: cryptography)?.bytes
  }

  /// URL-safe base64 without padding, back to text.
  private func decoded(_ part: some Sequence<UInt8>) throws -> [UInt8] {
    var digits = part.map { $0 == 0x2D ? 0x2B : $0 == 0x5F ? 0x2F : $0 }
    #expect(!digits.contains(0x3D))
    while digits.count % 4 != 0 { digits.append(0x3D) }
    return try #require(FixedCryptography().base64Decode(digits))
  }

  @Test func `an assertion has header, claims and signature`() throws {
    let token = try #require(assertion(1000, key: "??>>"))
    #expect(
      token.allSatisfy {
        Bytes.isLetter($0) || Bytes.isDigit($0) || [0x2D, 0x2E, 0x5F].contains($0)
      })
    let parts = token.split(separator: 0x2E, omittingEmptySubsequences: false)
    try #require(parts.count == 3)
    #expect(text(try decoded(parts[0])) == #"{"alg":"RS256","typ":"JWT"}"#)
    #expect(
      text(try decoded(parts[1]))
        == #"{"iss":"sa@x.example","scope":"s","sub":"u@x.example","#
        + #""aud":"https://a.example/token","iat":1000,"exp":1300}"#)
    // The signature is over the text before it.
    let signed = Array(parts[0]) + [0x2E] + Array(parts[1])
    #expect(try decoded(parts[2]) == Array(signed.suffix(4)) + bytes("??>>"))
  }

  @Test func `values cannot leave their strings`() throws {
    let subject = #"a","admin":"\"#
    let token = try #require(assertion(1000, key: "k", subject: subject))
    let claims = try decoded(token.split(separator: 0x2E)[1])
    let object = try #require(JSONObject(claims, cryptography))
    #expect(object.string("sub")?.bytes == bytes(subject))
    #expect(object.string("admin") == nil)
    #expect(object.integer("exp") == 1300)
  }

  @Test func `a key of no use gives no assertion, and time begins in 1970`() throws {
    #expect(assertion(1000, key: "") == nil)
    let token = try #require(assertion(-5, key: "k"))
    let object = try #require(
      JSONObject(try decoded(token.split(separator: 0x2E)[1]), cryptography))
    #expect(object.integer("iat") == 0)
    #expect(object.integer("exp") == 300)
  }
}
