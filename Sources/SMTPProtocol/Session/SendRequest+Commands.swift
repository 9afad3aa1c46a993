/// How MAIL and RCPT are written, with their parameters. What goes with a parameter is refused, where
/// the server does not offer it, in SendRequest+Refusals.
extension SendRequest {
  /// `MAIL FROM:<reverse-path> parameters` (RFC 5321 section 4.1.1.2).
  @_optimize(speed)
  func writeMail(to output: inout SessionOutput, _ capabilities: Capabilities) {
    output.append(Command.mail, from?.path(capabilities) ?? [], Command.endOfPath)
    if capabilities.smtpUTF8,
      useSMTPUTF8 || survey?.hasEightBitHeader == true || internationalized != nil
    {
      output.append(Parameter.smtpUTF8)
    }
    if isBinary {
      output.append(Parameter.binaryMIME)
    } else if use8BitMIME ?? survey?.mayHaveEightBit ?? false, capabilities.eightBitMIME {
      output.append(Parameter.eightBitMIME)
    }
    if let expectedSize, capabilities.size {
      output.append(Parameter.size)
      output.append(decimal: expectedSize)
    }
    if capabilities.dsn {
      if let ret {
        output.append(Parameter.ret)
        output.append(ret.text)
      }
      if let envelopeIdentifier {
        output.append(Parameter.envelopeIdentifier)
        output.append(Xtext.encode(envelopeIdentifier.text))
      }
    }
    if requiresTLS { output.append(Parameter.requireTLS) }
    if hasParameters { parameters.write(to: &output) }
    output.endCommand()
  }

  /// `RCPT TO:<forward-path> parameters` (RFC 5321 section 4.1.1.3).
  @_optimize(speed)
  func writeRecipient(
    _ recipient: Recipient, to output: inout SessionOutput, _ capabilities: Capabilities
  ) {
    output.append(Command.recipient, recipient.mailbox.path(capabilities), Command.endOfPath)
    if capabilities.dsn {
      if let notify = recipient.notify ?? notify {
        output.append(Parameter.notify)
        output.append(notify.text)
      }
      if let original = recipient.originalRecipient ?? originalRecipient {
        output.append(Parameter.space)
        output.append(original.parameter)
      }
    }
    if hasParameters { recipient.parameters.write(to: &output) }
    output.endCommand()
  }

  private enum Parameter {
    static let space = Bytes.of(" ")
    static let smtpUTF8 = Bytes.of(" SMTPUTF8")
    static let eightBitMIME = Bytes.of(" BODY=8BITMIME")
    static let binaryMIME = Bytes.of(" BODY=BINARYMIME")
    static let size = Bytes.of(" SIZE=")
    static let ret = Bytes.of(" RET=")
    static let envelopeIdentifier = Bytes.of(" ENVID=")
    static let requireTLS = Bytes.of(" REQUIRETLS")
    static let notify = Bytes.of(" NOTIFY=")
  }
}
