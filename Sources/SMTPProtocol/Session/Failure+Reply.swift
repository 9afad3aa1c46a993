extension Failure {
  /// The server said no: what was refused, and the reply that said so.
  package static func refused(
    _ code: ErrorCode, _ text: Message, _ reply: Reply, command: String, phase: Phase,
    retry: Retry? = nil
  ) -> Failure {
    var failure = Failure(
      code, "\(text): \(Bytes.printable(reply.text.map { $0 == 0x0A ? 0x20 : $0 }))",
      command: command, phase: phase, retry: retry ?? (reply.isTransient ? .safe : .no))
    failure.reply = reply
    return failure
  }

  static func unexpected(_ reply: Reply, phase: Phase) -> Failure {
    .refused(
      .protocolViolation, "the server sent a reply that nothing asked for", reply,
      command: "CONN", phase: phase, retry: .safe)
  }
}
