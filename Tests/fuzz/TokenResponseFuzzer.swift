@testable import SMTPProtocol

/// The answer of a token endpoint must not depend on how the network cuts it, and whatever
/// it is, there is a token or a reason.
///
/// Input: one octet that chooses how to cut, then what the endpoint sends.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTokenResponse(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
  guard let choice = input.first, let request = TokenAnswer.request else { return 0 }
  let octets = input.dropFirst()
  let whole = TokenAnswer(octets, piece: max(octets.count, 1), request)
  // Beyond a limit it matters when the limit was noticed.
  if octets.count <= HTTPResponse.headerLimit {
    precondition(TokenAnswer(octets, piece: 1, request) == whole)
    precondition(TokenAnswer(octets, piece: Int(choice) + 1, request) == whole)
  }
  return 0
}

private struct TokenAnswer: Equatable {
  var status: Int
  var body: [UInt8]
  var isComplete: Bool
  var isBroken: Bool
  var token: [UInt8]?
  var expires: Int64?
  var reason: String?

  static var request: TokenRequest? {
    EndpointURL(Bytes.of("https://id.example/token")).map {
      TokenRequest(
        $0, assertion: Secret(Bytes.of("assertion"), HexCryptography()), HexCryptography())
    }
  }

  init(_ octets: ArraySlice<UInt8>, piece: Int, _ request: TokenRequest) {
    let response = HTTPResponse(HexCryptography())
    var rest = octets
    while !rest.isEmpty {
      response.append(rest.prefix(piece))
      rest = rest.dropFirst(piece)
    }
    response.finish()
    precondition(!(response.isComplete && response.isBroken))
    precondition(response.body.count <= HTTPResponse.bodyLimit || response.isBroken)
    (status, body) = (response.status, response.body)
    (isComplete, isBroken) = (response.isComplete, response.isBroken)
    switch AccessToken.read(response, to: request, now: 1_000_000, HexCryptography()) {
    case .success(let access):
      (token, expires) = (access.token.bytes, access.expires)
      precondition(
        token?.isEmpty == false && token?.allSatisfy { (0x21...0x7E).contains($0) } == true)
    case .failure(let failure):
      precondition(failure.code == .oauth2)
      reason = failure.message
    }
  }
}
