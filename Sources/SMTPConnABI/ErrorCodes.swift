import CSMTPConn
import SMTPProtocol

extension ErrorCode {
  /// The names of the original's library, and ours.
  var name: StaticString {
    switch self {
    case .dns: "EDNS"
    case .connection: "ECONNECTION"
    case .socket: "ESOCKET"
    case .timedOut: "ETIMEDOUT"
    case .tls: "ETLS"
    case .requireTLS: "EREQUIRETLS"
    case .protocolViolation: "EPROTOCOL"
    case .envelope: "EENVELOPE"
    case .message: "EMESSAGE"
    case .stream: "ESTREAM"
    case .auth: "EAUTH"
    case .oauth2: "EOAUTH2"
    case .proxy: "EPROXY"
    case .options: "EOPTIONS"
    case .state: "ESTATE"
    case .cancelled: "ECANCELLED"
    case .command: "ECOMMAND"
    case .full: "EFULL"
    }
  }

  var text: StaticString {
    switch self {
    case .dns: "The host name could not be resolved."
    case .connection: "The server closed the connection."
    case .socket: "The operating system refused a network operation."
    case .timedOut: "A time limit passed."
    case .tls: "TLS was not possible or not trustworthy."
    case .requireTLS: "REQUIRETLS is not possible."
    case .protocolViolation: "The server violates the SMTP protocol."
    case .envelope: "The sender or the recipients are bad or were refused."
    case .message: "The message is bad or was refused."
    case .stream: "The source of the message failed."
    case .auth: "The login failed."
    case .oauth2: "No access token was obtained."
    case .proxy: "The proxy refused, or does not do what a proxy does."
    case .options: "An option is out of range or contradicts another one."
    case .state: "This is not possible in the present state."
    case .cancelled: "The operation was cancelled."
    case .command: "A command is bad, not offered, or was refused."
    case .full: "The queue of a pool is full."
    }
  }
}

extension Phase {
  var name: StaticString {
    switch self {
    case .options: "options"
    case .dns: "dns"
    case .connect: "connect"
    case .proxy: "proxy"
    case .tls: "tls"
    case .greeting: "greeting"
    case .hello: "hello"
    case .starttls: "starttls"
    case .auth: "auth"
    case .envelope: "envelope"
    case .message: "message"
    case .reset: "reset"
    case .quit: "quit"
    case .command: "command"
    case .idle: "idle"
    }
  }
}

@_cdecl("smtpconn_code_name") @implementation
public func smtpconn_code_name(_ code: CInt) -> UnsafePointer<CChar>? {
  if code == 0 { return unsafe cLiteral("OK") }
  return unsafe cLiteral(ErrorCode(rawValue: code)?.name ?? "EUNKNOWN")
}

@_cdecl("smtpconn_code_text") @implementation
public func smtpconn_code_text(_ code: CInt) -> UnsafePointer<CChar>? {
  if code == 0 { return unsafe cLiteral("Success.") }
  return unsafe cLiteral(ErrorCode(rawValue: code)?.text ?? "An unknown error.")
}

@_cdecl("smtpconn_kind_name") @implementation
public func smtpconn_kind_name(_ kind: CInt) -> UnsafePointer<CChar>? {
  let (literal, offset) = FailureKind.name(of: kind)
  return unsafe cLiteral(literal).map { unsafe $0 + offset }
}
