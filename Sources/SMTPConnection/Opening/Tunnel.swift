import SMTPProtocol
import SMTPTransport

/// A channel to a proxy on its way to become one to the server: TLS with the proxy where it has
/// that, and the dialogue that asks for the tunnel.
final class Tunnel {
  enum Step {
    case pending
    case open
    case failed(Failure)
  }

  /// What may be tried after a failure.
  private(set) var blame = ProxyBlame.proxy
  private let channel: Channel
  private let proxy: Proxy
  private let dialogue: any ProxyDialogue
  private var isSecuring = false
  private var output: Secret?
  private var sent = 0

  init(
    _ channel: Channel, through proxy: Proxy, to target: ProxyTarget,
    _ cryptography: any Cryptography
  ) {
    self.channel = channel
    self.proxy = proxy
    dialogue = proxy.dialogue(to: target, cryptography)
  }

  /// Must be called first. The certificate of a proxy is always verified: it gets a password, and
  /// names where mail goes.
  func begin(_ memory: TLSMemory, trusting tls: TLSConfiguration, now: Int64) -> Failure? {
    guard proxy.kind == .https else { return nil }
    switch memory.context(for: tls.trustAlone, now: now) {
    case .success(let context):
      isSecuring = true
      return channel.beginTLS(context, serverName: proxy.host, with: .proxy).map { located($0) }
    case .failure(let failure):
      blame = .request
      return located(failure)
    }
  }

  /// Goes on; to be called again whenever the channel is ready.
  func proceed() -> Step {
    if isSecuring {
      switch channel.handshake() {
      case .pending: return .pending
      case .failed(let failure): return .failed(located(failure))
      case .done: isSecuring = false
      }
    }
    while true {
      switch dialogue.outcome {
      case .open: return .open
      case .failed(let failure, let blame):
        self.blame = blame
        return .failed(failure)
      case nil: break
      }
      if let failure = write() { return .failed(failure) }
      // A write that waits does not keep from reading: the proxy may have refused meanwhile.
      var buffer = Bytes.zeros(dialogue.wanted)
      switch channel.read(into: &buffer) {
      case .bytes(let count): dialogue.receive(Array(buffer.prefix(count)))
      case .wouldBlock: return .pending
      case .failed(let failure): return .failed(located(failure))
      case .endOfStream:
        return .failed(
          .proxy(
            "the proxy closed the connection before it had opened the way", .connectionLost,
            retry: .safe))
      }
    }
  }

  /// What cannot be written is lost with the connection, which reading reports.
  private func write() -> Failure? {
    if output == nil {
      output = dialogue.takeOutput()
      sent = 0
    }
    while let bytes = output?.bytes {
      guard sent < bytes.count else {
        output = dialogue.takeOutput()
        sent = 0
        continue
      }
      guard case .bytes(let count) = channel.write(bytes, from: sent) else { return nil }
      sent += count
    }
    return nil
  }

  private func located(_ failure: Failure) -> Failure {
    var failure = failure
    failure.text = "the proxy \(Bytes.printable(proxy.authority)): \(failure.text)"
    failure.phase = .proxy
    return failure
  }
}
