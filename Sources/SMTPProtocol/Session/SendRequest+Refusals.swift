/// What a server cannot take, which is found before MAIL is sent.
extension SendRequest {
  /// Whether this server needs a survey of the whole message.
  package func needsWholeSurvey(for session: Session) -> Bool {
    needsWholeSurvey(session.capabilities, chunks: session.usesChunks)
  }

  func needsWholeSurvey(_ capabilities: Capabilities, chunks: Bool) -> Bool {
    guard let survey, !survey.isWhole, !isBinary else { return false }
    // Line ends may double it.
    let isNearLimit = capabilities.sizeLimit.map { $0 / 2 <= survey.size } ?? false
    let isUndecided =
      use8BitMIME == nil && !survey.hasEightBit && !capabilities.eightBitMIME
    return isNearLimit || isUndecided || chunks || (survey.inHeader && capabilities.smtpUTF8)
  }

  /// Found before MAIL is sent.
  func refusal(
    by capabilities: Capabilities, security: Session.Security, allowsChunks: Bool
  ) -> Failure? {
    if hasParameters, let failure = parameterRefusal(capabilities) { return failure }
    let size = max(expectedSize ?? 0, leastSize ?? 0)
    if let limit = capabilities.sizeLimit, size > limit {
      return Self.failure(
        .message,
        "the message has \(size) octets and the server takes no more than \(limit) (SIZE)",
        .messageTooBig)
    }
    // RFC 6531 section 3.2: such an address must not be sent without SMTPUTF8.
    if !capabilities.smtpUTF8, let address = onlyInternational {
      var failure = Self.failure(
        .envelope,
        "the address \"\(Bytes.printable(address.bytes))\" needs SMTPUTF8, which the server does"
          + " not offer" + (address.reasonForSMTPUTF8.map { "; \($0)" } ?? ""))
      failure.recipient = address == from ? nil : address.bytes
      return failure
    }
    if useSMTPUTF8, !capabilities.smtpUTF8 {
      return Self.failure(
        .message, "the message is to be sent with SMTPUTF8, which the server does not offer")
    }
    if isBinary {
      return binaryRefusal(capabilities, allowsChunks) ?? tlsRefusal(capabilities, security)
    }
    // RFC 6152 section 3: no 8-bit content without the agreement of the server.
    if use8BitMIME == nil, survey?.hasEightBit == true, !capabilities.eightBitMIME {
      return Self.failure(
        .message,
        "the message has 8-bit content and the server does not offer 8BITMIME; encode it as 7-bit,"
          + " or set use_8bitmime to send it anyway")
    }
    return tlsRefusal(capabilities, security)
  }

  /// What the server must offer, and take, of the parameters that few messages have.
  private func parameterRefusal(_ capabilities: Capabilities) -> Failure? {
    if let reason = parameters.refusal(by: capabilities)
      ?? tooLong("MAIL", Command.mail, from?.path(capabilities) ?? [], parameters)
    {
      return Self.failure(.envelope, reason)
    }
    for recipient in recipients where !recipient.parameters.isEmpty {
      let (path, parameters) = (recipient.mailbox.path(capabilities), recipient.parameters)
      if let reason = parameters.refusal(by: capabilities)
        ?? tooLong("RCPT", Command.recipient, path, parameters)
      {
        var failure = Self.failure(.envelope, reason)
        failure.recipient = recipient.mailbox.bytes
        return failure
      }
    }
    return nil
  }

  /// RFC 5321 section 4.5.3.1.4: a server need not take more than 512 octets in a command
  /// line, CRLF included. Parameters that the library knows do not count: the RFC of each gives
  /// the line as much more room.
  private func tooLong(
    _ verb: StaticString, _ start: [UInt8], _ path: [UInt8], _ parameters: ESMTPParameters
  ) -> ErrorText? {
    let end = Command.endOfPath.count + 2
    let length = start.count + path.count + end + parameters.furtherLength
    guard parameters.furtherLength > 0, length > 512 else { return nil }
    return "\(verb.description) would be a line of \(length) octets with these parameters, and a"
      + " server need not take more than 512"
  }

  private func binaryRefusal(_ capabilities: Capabilities, _ allowsChunks: Bool) -> Failure? {
    if allowsChunks, capabilities.binaryMIME { return nil }
    return Self.failure(
      .message,
      allowsChunks
        ? "the message is to be sent with BINARYMIME, which the server does not offer"
        : "the message is to be sent with BINARYMIME, which needs the option chunking")
  }

  private func tlsRefusal(
    _ capabilities: Capabilities, _ security: Session.Security
  ) -> Failure? {
    requiresTLS ? requireTLSRefusal(capabilities, security) : nil
  }

  /// RFC 8689 section 4.2.1: only under TLS with a verified certificate, and only
  /// to a server that offers REQUIRETLS.
  private func requireTLSRefusal(
    _ capabilities: Capabilities, _ security: Session.Security
  ) -> Failure? {
    let reason: ErrorText
    var kind = FailureKind.serverExtension
    if !security.isSecure {
      reason = "the connection is not under TLS"
      kind = .tlsNotOffered
    } else if !security.isVerified {
      reason = "the certificate of the server was not verified"
      kind = .tlsUntrusted
    } else if !capabilities.has(Bytes.of("REQUIRETLS")) {
      reason = "the server does not offer it"
    } else {
      return nil
    }
    return Self.failure(.requireTLS, "REQUIRETLS is not possible: \(reason)", kind)
  }

  private static func failure(
    _ code: ErrorCode, _ text: ErrorText, _ kind: FailureKind = .serverExtension
  ) -> Failure {
    Failure(code, text, command: "MAIL FROM", phase: .envelope, kind: kind)
  }
}
