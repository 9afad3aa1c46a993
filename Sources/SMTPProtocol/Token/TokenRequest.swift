/// What an access token is asked for with (RFC 6749 section 6, RFC 7523), as an HTTP
/// request, and what the answer says.
package struct TokenRequest {
  package let url: EndpointURL
  private let fields: [(name: StaticString, value: [UInt8])]

  /// A refresh token is exchanged for an access token.
  package init(
    _ url: EndpointURL, clientID: [UInt8], clientSecret: [UInt8], refreshToken: [UInt8],
    scope: [UInt8]
  ) {
    self.url = url
    var fields: [(name: StaticString, value: [UInt8])] = [
      ("grant_type", Bytes.of("refresh_token")), ("client_id", clientID),
      ("refresh_token", refreshToken),
    ]
    if !clientSecret.isEmpty { fields.append(("client_secret", clientSecret)) }
    if !scope.isEmpty { fields.append(("scope", scope)) }
    self.fields = fields
  }

  /// A signed assertion is exchanged (service accounts).
  package init(_ url: EndpointURL, assertion: [UInt8]) {
    self.url = url
    fields = [
      ("grant_type", Bytes.of("urn:ietf:params:oauth:grant-type:jwt-bearer")),
      ("assertion", assertion),
    ]
  }

  /// What an endpoint must not bring into a log or an error by repeating it.
  package var secrets: [[UInt8]] {
    fields.filter { Self.secretFields.contains(Bytes.of($0.name)) }.map { $0.value }
  }

  private static var secretFields: [[UInt8]] {
    [Bytes.of("refresh_token"), Bytes.of("client_secret"), Bytes.of("assertion")]
  }

  package var octets: [UInt8] {
    var body: [UInt8] = []
    for field in fields {
      if !body.isEmpty { body.append(0x26) }
      body += Self.escaped(Bytes.of(field.name)) + [0x3D] + Self.escaped(field.value)
    }
    var head = Bytes.of("POST ") + url.path + Bytes.of(" HTTP/1.1\r\nHost: ") + url.authority
    head += Bytes.of("\r\nContent-Type: application/x-www-form-urlencoded")
    head += Bytes.of("\r\nAccept: application/json\r\nConnection: close\r\nContent-Length: ")
    return head + Bytes.decimal(body.count) + [0x0D, 0x0A, 0x0D, 0x0A] + body
  }

  /// application/x-www-form-urlencoded, strictly.
  private static func escaped(_ bytes: [UInt8]) -> [UInt8] {
    let digits = Bytes.of("0123456789ABCDEF")
    return bytes.flatMap { byte -> [UInt8] in
      let isPlain =
        Bytes.isLetter(byte) || Bytes.isDigit(byte) || byte == 0x2D || byte == 0x2E || byte == 0x5F
      return isPlain ? [byte] : [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
  }
}

/// An access token and when it ends.
package struct AccessToken {
  package var token: [UInt8]
  /// Seconds since 1970; nil when nobody said.
  package var expires: Int64?

  package init(token: [UInt8], expires: Int64?) {
    self.token = token
    self.expires = expires
  }

  package func isValid(at now: Int64) -> Bool { expires.map { $0 > now } ?? true }

  /// The answer of the endpoint, read as JSON whatever its status: errors are told
  /// there too (RFC 6749 section 5.2).
  package static func read(
    _ response: HTTPResponse, now: Int64, hiding secrets: [[UInt8]] = []
  ) -> Result<AccessToken, Failure> {
    let told = { (text: [UInt8]) in
      secrets.contains { Secret.isPart($0, of: text, atLeast: 8) } ? Command.mask : text
    }
    guard let answer = JSONObject(response.body) else {
      return refused("answered \(response.status) without JSON", response)
    }
    if let error = answer.string("error") {
      let description = answer.string("error_description").map {
        ": " + Bytes.printable(told($0), limit: 500)
      }
      return refused("refused: \(Bytes.printable(told(error)))\(description ?? "")", response)
    }
    guard response.status == 200, let token = answer.string("access_token"), !token.isEmpty,
      token.allSatisfy({ (0x21...0x7E).contains($0) })
    else {
      return refused("answered \(response.status) without an access token", response)
    }
    let lifetime = answer.integer("expires_in")
    return .success(AccessToken(token: token, expires: lifetime.map { now + $0 }))
  }

  private static func refused(
    _ text: Message, _ response: HTTPResponse
  ) -> Result<AccessToken, Failure> {
    .failure(
      Failure(
        .oauth2, "the token endpoint \(text)", command: "AUTH XOAUTH2", phase: .auth,
        retry: response.status >= 500 || response.status == 429 ? .safe : .no))
  }
}
