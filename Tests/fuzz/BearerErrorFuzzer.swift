@testable import SMTPProtocol

/// Whatever a server says about a token of OAUTHBEARER, it is answered with the dummy response
/// (RFC 7628 section 3.2.3), and what is told of it is bounded, on one line, and not the token.
///
/// Input: the challenge, decoded.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzBearerError(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  let challenge = unsafe Array(UnsafeBufferPointer(start: data, count: size))
  let token = Secret(Bytes.of("ya29.token"), HexCryptography())
  let mechanism = OAuthBearer(
    identity: Bytes.of("ann"), token: token, server: OAuthBearer.Server(host: nil, port: nil),
    HexCryptography())
  guard case .response(let response) = mechanism.answer(challenge), let remark = mechanism.remark
  else { preconditionFailure("not answered") }
  precondition(response == [1] && !mechanism.isComplete)
  // As received when it is no such error; the session bounds that.
  if remark != challenge {
    precondition(remark.count < 600)
    precondition(!remark.contains { Bytes.isControl($0) })
    precondition(!Bytes.contains(remark, token.bytes))
  }
  guard case .cancel = mechanism.answer(challenge) else { preconditionFailure("answered again") }
  return 0
}
