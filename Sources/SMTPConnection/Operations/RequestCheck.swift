import SMTPProtocol

extension SendRequest {
  /// What is refused at once, whatever the server offers.
  func check(isLMTP: Bool) throws(Failure) {
    if recipients.isEmpty {
      throw Failure(.envelope, "the envelope has no recipient (to)")
    }
    guard !isLMTP, let recipient = localPart else { return }
    let shown = Bytes.printable(recipient.bytes, limit: 80)
    var failure = Failure(
      .envelope, "the address \"\(shown)\" (to) has no @; only LMTP takes one without a domain",
      phase: .envelope)
    failure.recipient = recipient.bytes
    throw failure
  }
}
