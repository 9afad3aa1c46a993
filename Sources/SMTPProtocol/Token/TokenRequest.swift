/// A request for an access token (RFC 6749 section 6, RFC 7523) over HTTP, and how its
/// response is read.
package struct TokenRequest {
  private struct Field {
    let name: StaticString
    let value: Secret
    /// The length from which on the value is hidden when the endpoint repeats it: it must
    /// not reach a log or an error. Shorter words occur by chance.
    var hiddenFrom = Int.max
  }

  package let url: EndpointURL
  private let fields: [Field]
  private let cryptography: any Cryptography

  /// A refresh token is exchanged for an access token.
  package init(
    _ url: EndpointURL, clientID: [UInt8], clientSecret: Secret, refreshToken: Secret,
    scope: [UInt8], _ cryptography: any Cryptography
  ) {
    self.url = url
    self.cryptography = cryptography
    var fields = [
      Field(name: "grant_type", value: Secret(Bytes.of("refresh_token"), cryptography)),
      Field(name: "client_id", value: Secret(clientID, cryptography)),
      Field(name: "refresh_token", value: refreshToken, hiddenFrom: 8),
    ]
    // Some people choose these themselves.
    if !clientSecret.bytes.isEmpty {
      fields.append(Field(name: "client_secret", value: clientSecret, hiddenFrom: 4))
    }
    if !scope.isEmpty { fields.append(Field(name: "scope", value: Secret(scope, cryptography))) }
    self.fields = fields
  }

  /// A signed assertion is exchanged (service accounts).
  package init(_ url: EndpointURL, assertion: Secret, _ cryptography: any Cryptography) {
    self.url = url
    self.cryptography = cryptography
    let grant = Bytes.of("urn:ietf:params:oauth:grant-type:jwt-bearer")
    fields = [
      Field(name: "grant_type", value: Secret(grant, cryptography)),
      Field(name: "assertion", value: assertion, hiddenFrom: 8),
    ]
  }

  /// Whether a text of the endpoint contains a secret, in its plain form or in that of the
  /// request: some endpoints repeat the whole request.
  func isRepeated(in text: [UInt8]) -> Bool {
    let plain = Self.unescaped(text, cryptography)
    return fields.contains {
      $0.value.isPart(of: text, atLeast: $0.hiddenFrom)
        || $0.value.isPart(of: plain.bytes, atLeast: $0.hiddenFrom)
    }
  }

  package var octets: Secret {
    var size = 0
    for field in fields {
      size += field.name.utf8CodeUnitCount + 2
      for byte in field.value.bytes { size += Self.isPlain(byte) ? 1 : 3 }
    }
    // An ampersand stands between fields only.
    size -= 1
    let head: ErrorText = """
      POST \(ErrorText(bytes: url.path)) HTTP/1.1\r
      Host: \(ErrorText(bytes: url.authority))\r
      Content-Type: application/x-www-form-urlencoded\r
      Accept: application/json\r
      Connection: close\r
      Content-Length: \(size)
      """
    let end: [UInt8] = [.cr, .lf, .cr, .lf]
    let result = Secret(capacity: head.bytes.count + end.count + size, cryptography)
    result.append(head.bytes[...])
    result.append(end[...])
    var isFirst = true
    for field in fields {
      if !isFirst { result.append(.ampersand) }
      isFirst = false
      result.append(Bytes.of(field.name)[...])
      result.append(.equals)
      for byte in field.value.bytes { Self.escape(byte, result) }
    }
    return result
  }

  // MARK: application/x-www-form-urlencoded, strictly

  private static func isPlain(_ byte: UInt8) -> Bool {
    Bytes.isLetter(byte) || Bytes.isDigit(byte) || byte == .hyphen || byte == .dot
      || byte == .underscore
  }

  @inline(never)
  private static func escape(_ byte: UInt8, _ result: Secret) {
    if isPlain(byte) { return result.append(byte) }
    result.append(.percent)
    for digit in Bytes.hexadecimal([byte]) { result.append(Bytes.uppercased(digit)) }
  }

  private static func unescaped(_ text: [UInt8], _ cryptography: any Cryptography) -> Secret {
    let result = Secret(capacity: text.count, cryptography)
    var place = 0
    while place < text.count {
      var byte = text[place]
      place += 1
      if byte == .percent, place + 2 <= text.count,
        let value = Bytes.value(ofHexadecimal: text[place..<(place + 2)])
      {
        byte = UInt8(truncatingIfNeeded: value)
        place += 2
      }
      result.append(byte)
    }
    return result
  }
}

/// An access token and when it ends.
package struct AccessToken {
  package let token: Secret
  /// Seconds since 1970; nil when not known.
  package let expires: Int64?

  package init(token: Secret, expires: Int64?) {
    self.token = token
    self.expires = expires
  }

  package func isValid(at now: Int64) -> Bool { expires.map { $0 > now } ?? true }

  /// Reads the response as JSON whatever its status: errors are in JSON too (RFC 6749
  /// section 5.2).
  package static func read(
    _ response: HTTPResponse, to request: TokenRequest, now: Int64,
    _ cryptography: any Cryptography
  ) -> Result<AccessToken, Failure> {
    let told = { (text: Secret) in
      request.isRepeated(in: text.bytes) ? Command.mask : text.bytes
    }
    guard let answer = JSONObject(response.body, cryptography) else {
      return refused("answered \(response.status) without JSON", response)
    }
    if let error = answer.string("error") {
      let description = answer.string("error_description").map {
        ": " + Bytes.printable(told($0), limit: 500)
      }
      return refused("refused: \(Bytes.printable(told(error)))\(description ?? "")", response)
    }
    guard response.status == 200, let token = answer.string("access_token"), !token.bytes.isEmpty,
      token.bytes.allSatisfy({ (0x21...0x7E).contains($0) })
    else {
      return refused("answered \(response.status) without an access token", response)
    }
    let lifetime = answer.integer("expires_in")
    return .success(AccessToken(token: token, expires: lifetime.map { now + $0 }))
  }

  private static func refused(
    _ text: ErrorText, _ response: HTTPResponse
  ) -> Result<AccessToken, Failure> {
    .failure(
      Failure(
        .oauth2, "the token endpoint \(text)", command: "AUTH", phase: .auth,
        retry: response.status >= 500 || response.status == 429 ? .safe : .no))
  }
}
