@testable import SMTPProtocol

/// What a proxy sends must not depend on how the network cuts it, is never read beyond the
/// proxy's last octet, and leads to a tunnel or a reason.
///
/// Input: one octet that chooses the proxy and how to cut, then what the proxy sends.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzProxyReply(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
  guard let choice = input.first else { return 0 }
  let octets = Array(input.dropFirst())
  for kind in [Proxy.Kind.socks5h, .http] {
    for hasLogin in [false, true] {
      let whole = ProxyAnswer(octets, piece: octets.count + 1, kind, hasLogin)
      precondition(ProxyAnswer(octets, piece: 1, kind, hasLogin) == whole)
      precondition(ProxyAnswer(octets, piece: Int(choice) + 1, kind, hasLogin) == whole)
    }
  }
  return 0
}

private struct ProxyAnswer: Equatable {
  /// Octets of the proxy, when there is a tunnel.
  var answer = 0
  var isOpen = false
  var reason: String?
  var output: [UInt8] = []

  init(_ octets: [UInt8], piece: Int, _ kind: Proxy.Kind, _ hasLogin: Bool) {
    let secret = Secret(Bytes.of("password"), HexCryptography())
    let proxy = Proxy(
      kind: kind, host: [], port: 1, user: hasLogin ? secret : nil,
      password: hasLogin ? secret : nil)
    let target = ProxyTarget(host: Bytes.of("mail.example"), port: 25, octets: [])
    let dialogue = proxy.dialogue(to: target, HexCryptography())
    var taken = 0
    while dialogue.outcome == nil {
      while let more = dialogue.takeOutput() { output += more.bytes }
      precondition(dialogue.wanted > 0)
      let count = min(dialogue.wanted, piece, octets.count - taken)
      guard count > 0 else { break }
      dialogue.receive(Array(octets[taken..<(taken + count)]))
      taken += count
    }
    precondition((dialogue.outcome == nil) == (dialogue.wanted > 0))
    switch dialogue.outcome {
    case .open: (isOpen, answer) = (true, taken)
    case .failed(let failure, _):
      precondition(failure.code == .proxy && failure.phase == .proxy)
      reason = failure.message
      // Whatever it is that the proxy repeats.
      precondition(!hasLogin || !Bytes.contains(failure.reply?.text ?? [], secret.bytes))
    case nil: precondition(taken == octets.count)
    }
  }
}
