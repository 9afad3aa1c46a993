@testable import SMTPProtocol

/// Whatever a server sends in an exchange of SCRAM, there is an answer, and nobody is believed
/// without the signature.
///
/// Input: messages of the server, separated by NUL. "%" in them stands for the nonce of the client,
/// so that the fuzzer need not guess it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzScram(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
  let cryptography = HexCryptography()
  let credentials = Credentials(
    user: Bytes.of("u,="), password: Bytes.of("secret"), cryptography)
  let factory = MechanismFactory(
    credentials, authorization: [], channel: .init(.available(.exporter, [1]), offered: []),
    givesUserFirst: false, cryptography)
  guard case .mechanism(let scram) = factory.make(Bytes.of("SCRAM-SHA-256-PLUS")),
    let first = scram.initialResponse
  else { preconditionFailure("no mechanism") }
  precondition(first.starts(with: Bytes.of("p=tls-exporter,,n=u=2C=3D,r=")))
  let nonce = cryptography.base64Encode([7])

  var rounds = 0
  for message in input.split(separator: 0, omittingEmptySubsequences: false) {
    let message = message.flatMap { $0 == .percent ? nonce : [$0] }
    let wasComplete = scram.isComplete
    var answer = scram.answer(message)
    var iterations = 0
    while case .work(let work) = answer {
      precondition(rounds == 0)
      answer = work.proceed()
      iterations += 256
      precondition(iterations <= ScramMessage.mostIterations + 256)
    }
    switch answer {
    case .response(let response):
      precondition(!wasComplete)
      switch rounds {
      case 0:
        // Nothing that a line could not carry, and the proof last.
        precondition(response.starts(with: Bytes.of("c=")))
        precondition(Bytes.contains(response, Bytes.of(",p=")))
        precondition(message.starts(with: Bytes.of("r=") + nonce))
        precondition(!scram.isComplete)
      case 1:
        precondition(response.isEmpty)
        precondition(scram.isComplete == message.starts(with: Bytes.of("v=")))
      default: preconditionFailure("an answer after the end")
      }
    case .cancel(let reason), .distrust(let reason):
      precondition(!reason.bytes.isEmpty)
      precondition(scram.isComplete == wasComplete)
      return 0
    case .later, .work: preconditionFailure("no answer")
    }
    rounds += 1
  }
  return 0
}
