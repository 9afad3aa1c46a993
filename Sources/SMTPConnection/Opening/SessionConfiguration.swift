import SMTPProtocol
import SMTPTransport

extension Session.Configuration {
  /// What the options say of the dialogue.
  init(_ options: Options, name: [UInt8], _ policy: Session.TLSPolicy, _ log: DialogueLog) {
    self.init(
      name: name, tlsPolicy: policy, isSecure: options.isSecure || options.isSecured,
      log: log)
    isLMTP = options.lmtp
    chunking = options.chunking
    ignored = options.ignoredCapabilities.map { Options.keywords($0) } ?? []
    initialResponse = options.initialResponse
    renewsHello = options.helloAfterLogin
    // Of TLS that the caller did nothing is known.
    verifiesPeer = options.tls.rejectUnauthorized && !options.isSecured
  }
}
