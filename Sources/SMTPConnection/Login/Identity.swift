package import SMTPProtocol

/// Credentials, and the means to get tokens.
package struct Identity {
  package var credentials: Credentials
  /// Who to act as, when that is not the user (RFC 4422 section 3.4.1).
  package var authorization: [UInt8] = []
  /// What a token endpoint is given (RFC 6749 section 6).
  package var accessToken: Secret
  /// Seconds since 1970; nil: not known.
  package var expires: Int64?
  package var refreshToken: Secret
  package var clientID: [UInt8] = []
  package var clientSecret: Secret
  package var scope: [UInt8] = []
  package var accessURL: EndpointURL?
  /// A service account and its private key, in PEM.
  package var serviceClient: [UInt8] = []
  package var privateKey: Secret
  /// Tokens come from the caller.
  package var askForToken: ((TokenQuestion) -> Void)?

  private let cryptography: any Cryptography

  package init(_ cryptography: any Cryptography) {
    self.cryptography = cryptography
    let nothing = Secret([], cryptography)
    credentials = Credentials(user: nothing, password: nothing)
    accessToken = nothing
    refreshToken = nothing
    clientSecret = nothing
    privateKey = nothing
  }

  package func secret(_ bytes: [UInt8]) -> Secret { Secret(bytes, cryptography) }

  package var hasToken: Bool { !accessToken.bytes.isEmpty || canRenew }

  var canRenew: Bool {
    askForToken != nil || !refreshToken.bytes.isEmpty || !serviceClient.isEmpty
  }

  /// New tokens come from an endpoint.
  var asksEndpoint: Bool { canRenew && askForToken == nil }

  /// Google's, for both ways to ask; other providers document theirs.
  private static var standardURL: EndpointURL? {
    EndpointURL(Bytes.of("https://oauth2.googleapis.com/token"))
  }

  private static var standardScope: [UInt8] { Bytes.of("https://mail.google.com/") }

  /// The request for a new token; nil without the means.
  func tokenRequest(now: Int64) throws(Failure) -> TokenRequest? {
    guard let url = accessURL ?? Self.standardURL else { return nil }
    if !serviceClient.isEmpty {
      let assertion = JSONWebToken.assertion(
        issuer: serviceClient, subject: credentials.user.bytes,
        scope: scope.isEmpty ? Self.standardScope : scope, audience: url.text, now: now,
        key: privateKey.bytes, cryptography: cryptography)
      guard let assertion else {
        throw Failure(
          .oauth2, "private_key is no RSA key in PEM without a password", command: "AUTH",
          phase: .auth)
      }
      return TokenRequest(url, assertion: assertion, cryptography)
    }
    guard !refreshToken.bytes.isEmpty else { return nil }
    return TokenRequest(
      url, clientID: clientID, clientSecret: clientSecret, refreshToken: refreshToken,
      scope: scope, cryptography)
  }
}

/// A question for a token that the caller answers, now or later, once.
package final class TokenQuestion {
  /// The last token was refused, or has expired.
  package let renews: Bool
  private var completion: ((Result<AccessToken, Failure>) -> Void)?

  init(renews: Bool, _ completion: @escaping (Result<AccessToken, Failure>) -> Void) {
    self.renews = renews
    self.completion = completion
  }

  /// The answer is still needed.
  var isOpen: Bool { completion != nil }

  /// false when the answer is not needed any more.
  package func answer(_ result: Result<AccessToken, Failure>) -> Bool {
    guard let completion else { return false }
    withdraw()
    completion(result)
    return true
  }

  /// Nothing is asked any more.
  func withdraw() { completion = nil }
}
