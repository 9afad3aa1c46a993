import Testing

@testable import SMTPProtocol

/// The kinds of refusals, by facts: what the reply answers, its codes, and where a code has several
/// meanings the word that decides.
@Suite struct RefusalKindTests {
  /// What is answered, the reply, and the name of its kind.
  struct Fact: CustomTestStringConvertible {
    let place: String
    let reply: String
    let kind: String
    init(_ place: String, _ reply: String, _ kind: String) {
      (self.place, self.reply, self.kind) = (place, reply, kind)
    }
    var testDescription: String { "\(place): \(reply)" }
  }

  private static func failure(_ place: String, _ reply: Reply) -> Failure {
    switch place {
    case "greeting":
      .refused(.protocolViolation, "no", reply, command: "CONN", phase: .greeting)
    case "EHLO": .refused(.protocolViolation, "no", reply, command: "EHLO", phase: .hello)
    case "STARTTLS": .refused(.tls, "no", reply, command: "STARTTLS", phase: .starttls)
    case "MAIL FROM", "RCPT TO", "DATA":
      .refused(.envelope, "no", reply, command: place, phase: .envelope)
    case "content": .refused(.message, "no", reply, command: "DATA", phase: .message)
    case "idle": .refused(.connection, "no", reply, command: "CONN", phase: .idle)
    default: .refused(.auth, "no", reply, command: place, phase: .auth)
    }
  }

  private func kind(_ place: String, _ reply: String) -> String {
    let lines = reply.split(separator: "/").map { bytes(String($0)) }
    let code = Int(lines[0].prefix(3).reduce(0) { $0 * 10 + Int($1 - .digitZero) })
    let whole = Reply(code: code, lines: lines.map { Array($0.dropFirst(4)) })
    return Self.failure(place, whole).kind.name.text
  }

  private static let logins = [
    // RFC 4954 section 6, RFC 5248.
    Fact("AUTH PLAIN", "535 5.7.8 no", "LOGIN_CREDENTIALS"),
    Fact("AUTH PLAIN", "535", "LOGIN_CREDENTIALS"),
    Fact("AUTH PLAIN", "535 5.7.0 no", "LOGIN_CREDENTIALS"),
    Fact("AUTH PLAIN", "534 5.7.9 stronger please", "LOGIN_WEAK_MECHANISM"),
    Fact("AUTH PLAIN", "534", "LOGIN_WEAK_MECHANISM"),
    Fact("AUTH PLAIN", "538 5.7.11 no", "LOGIN_ENCRYPTION"),
    Fact("AUTH PLAIN", "523 5.7.10 no", "LOGIN_ENCRYPTION"),
    Fact("AUTH PLAIN", "530 5.7.0 first STARTTLS", "LOGIN_ENCRYPTION"),
    Fact("AUTH PLAIN", "454 4.7.0 later", "LOGIN_TEMPORARY"),
    Fact("AUTH PLAIN", "451 4.3.0 later", "LOGIN_TEMPORARY"),
    Fact("AUTH PLAIN", "432 4.7.12 transition", "LOGIN_TRANSITION"),
    Fact("AUTH PLAIN", "525 5.7.13 no", "LOGIN_LOCKED"),
    Fact("AUTH PLAIN", "504 5.5.4 no", "LOGIN_MECHANISM"),
    Fact("AUTH PLAIN", "503 5.5.1 no", "LOGIN_MECHANISM"),
    Fact("AUTH PLAIN", "501 5.5.2 no", "LOGIN_EXCHANGE"),
    Fact("AUTH PLAIN", "550 5.7.1 no", "LOGIN_POLICY"),
    Fact("AUTH PLAIN", "421 4.3.0 bye", "SERVER_CLOSING"),
    Fact("AUTH PLAIN", "550 no", "NONE"),
    Fact("AUTH PLAIN", "235 too early", "LOGIN_EXCHANGE"),
    Fact("AUTH XOAUTH2", "535 5.7.8 no", "LOGIN_TOKEN"),
    Fact("AUTH OAUTHBEARER", "535 5.7.3 no", "LOGIN_TOKEN"),
    Fact("AUTH XOAUTH2", "454 4.7.0 later", "LOGIN_TEMPORARY"),
    // Google.
    Fact(
      "AUTH PLAIN", "534 5.7.9 an application-specific one/534 5.7.9 x", "LOGIN_APP_PASSWORD"),
    Fact("AUTH PLAIN", "534 5.7.9 with a web browser/534 5.7.9 x", "LOGIN_LOCKED"),
    Fact("AUTH PLAIN", "534 5.7.14 x", "LOGIN_LOCKED"),
    Fact("AUTH PLAIN", "454 4.7.0 too many of them", "LOGIN_ATTEMPTS"),
    // Microsoft.
    Fact("AUTH LOGIN", "535 5.7.139 SmtpClientAuthentication", "LOGIN_BASIC_DISABLED"),
    Fact("AUTH LOGIN", "535 5.7.139 basic auth is off", "LOGIN_BASIC_DISABLED"),
    Fact("AUTH LOGIN", "535 5.7.139 x", "LOGIN_BASIC_DISABLED"),
    Fact("AUTH LOGIN", "535 5.7.139 they were incorrect", "LOGIN_CREDENTIALS"),
    Fact("AUTH LOGIN", "535 5.7.139 the user is locked", "LOGIN_LOCKED"),
    Fact("AUTH LOGIN", "535 5.7.139 not the criteria", "LOGIN_POLICY"),
    Fact("AUTH LOGIN", "550 5.7.30 x", "LOGIN_BASIC_DISABLED"),
    Fact("AUTH LOGIN", "535 5.7.3 x", "LOGIN_CREDENTIALS"),
    // Yahoo, Apple, Amazon.
    Fact("AUTH PLAIN", "535 5.7.0 too many bad ones", "LOGIN_ATTEMPTS"),
    Fact("AUTH PLAIN", "535 5.7.8 an app-specific one", "LOGIN_APP_PASSWORD"),
    Fact("AUTH PLAIN", "454 throttling", "LOGIN_ATTEMPTS"),
  ]

  private static let greetings = [
    Fact("greeting", "554 5.7.1 no", "SERVER_BLOCKED"),
    Fact("greeting", "554 no", "SERVER_BLOCKED"),
    Fact("greeting", "550 no", "SERVER_BLOCKED"),
    Fact("greeting", "421 4.7.0 x", "SERVER_CONNECTIONS"),
    Fact("greeting", "421 4.3.2 its connections", "SERVER_CONNECTIONS"),
    Fact("greeting", "421 too many", "SERVER_CONNECTIONS"),
    Fact("greeting", "421 4.3.2 x", "SERVER_BUSY"),
    Fact("greeting", "421 later", "SERVER_BUSY"),
    Fact("greeting", "450 4.7.1 x", "SERVER_BLOCKED"),
    Fact("greeting", "554 no connections from there", "SERVER_BLOCKED"),
    Fact("greeting", "521 no", "SERVER_NO_MAIL"),
    Fact("greeting", "354 what", "SERVER_PROTOCOL"),
    Fact("EHLO", "501 no", "SERVER_HELLO_NAME"),
    Fact("EHLO", "504 5.5.2 x", "SERVER_HELLO_NAME"),
    Fact("EHLO", "550 5.7.1 Helo command rejected", "SERVER_HELLO_NAME"),
    Fact("EHLO", "550 5.7.1 x", "SERVER_BLOCKED"),
    Fact("EHLO", "520 x", "SERVER_PROTOCOL"),
    Fact("STARTTLS", "454 4.7.0 x", "TLS_REFUSED"),
    Fact("idle", "421 4.4.2 x", "SERVER_CLOSING"),
  ]

  private static let mails = [
    Fact("MAIL FROM", "530 5.7.0 first a login", "LOGIN_REQUIRED"),
    Fact("MAIL FROM", "530 5.7.57 x", "LOGIN_REQUIRED"),
    Fact("MAIL FROM", "530 5.7.0 first STARTTLS", "LOGIN_ENCRYPTION"),
    Fact("MAIL FROM", "550 5.1.8 x", "SENDER_ADDRESS"),
    Fact("MAIL FROM", "553 x", "SENDER_ADDRESS"),
    Fact("MAIL FROM", "553 5.7.1 x", "SENDER_NOT_ALLOWED"),
    Fact("MAIL FROM", "550 5.7.60 x", "SENDER_NOT_ALLOWED"),
    Fact("MAIL FROM", "552 5.3.4 x", "MESSAGE_TOO_BIG"),
    Fact("MAIL FROM", "552 x", "MESSAGE_TOO_BIG"),
    Fact("MAIL FROM", "452 4.3.1 x", "SERVER_STORAGE"),
    Fact("MAIL FROM", "452 x", "SERVER_STORAGE"),
    Fact("MAIL FROM", "421 4.7.0 x", "RATE_LIMITED"),
    Fact("MAIL FROM", "454 throttling", "RATE_LIMITED"),
    Fact("RCPT TO", "550 5.1.1 x", "RECIPIENT_UNKNOWN"),
    Fact("RCPT TO", "550 5.1.10 x", "RECIPIENT_UNKNOWN"),
    Fact("RCPT TO", "556 5.1.10 x", "RECIPIENT_DOMAIN"),
    Fact("RCPT TO", "550 5.4.1 x", "RECIPIENT_UNKNOWN"),
    Fact("RCPT TO", "550 no such user", "RECIPIENT_UNKNOWN"),
    Fact("RCPT TO", "550 user unknown", "RECIPIENT_UNKNOWN"),
    Fact("RCPT TO", "550 x", "NONE"),
    Fact("RCPT TO", "550 5.1.2 x", "RECIPIENT_DOMAIN"),
    Fact("RCPT TO", "501 5.1.3 x", "RECIPIENT_ADDRESS"),
    Fact("RCPT TO", "553 x", "RECIPIENT_ADDRESS"),
    Fact("RCPT TO", "551 5.1.6 x", "RECIPIENT_MOVED"),
    Fact("RCPT TO", "551 x", "RECIPIENT_MOVED"),
    Fact("RCPT TO", "550 5.2.1 x", "RECIPIENT_DISABLED"),
    Fact("RCPT TO", "450 4.2.1 at a rate that", "RATE_LIMITED"),
    Fact("RCPT TO", "452 4.2.2 x", "RECIPIENT_FULL"),
    Fact("RCPT TO", "552 5.2.2 x", "RECIPIENT_FULL"),
    Fact("RCPT TO", "552 x", "RECIPIENT_FULL"),
    Fact("RCPT TO", "550 over quota", "RECIPIENT_FULL"),
    Fact("RCPT TO", "552 too many recipients", "RECIPIENTS_TOO_MANY"),
    Fact("RCPT TO", "452 4.5.3 x", "RECIPIENTS_TOO_MANY"),
    Fact("RCPT TO", "452 x", "RECIPIENTS_TOO_MANY"),
    Fact("RCPT TO", "554 5.7.1 relay access denied", "RELAY_DENIED"),
    Fact("RCPT TO", "550 5.7.54 x", "RELAY_DENIED"),
    Fact("RCPT TO", "550 relay not permitted", "RELAY_DENIED"),
    Fact("RCPT TO", "550 5.7.1 x", "POLICY"),
    Fact("RCPT TO", "451 4.7.1 x", "GREYLISTED"),
    Fact("RCPT TO", "450 4.2.0 greylisted", "GREYLISTED"),
    Fact("RCPT TO", "450 4.2.2 <greylisted@x.example> x", "RECIPIENT_FULL"),
    Fact("DATA", "451 4.7.1 greylisted", "GREYLISTED"),
    Fact("DATA", "451 4.3.0 x", "SERVER_BUSY"),
    Fact("content", "552 5.3.4 x", "MESSAGE_TOO_BIG"),
    Fact("content", "552 x", "MESSAGE_TOO_BIG"),
    Fact("content", "552 5.2.3 x", "MESSAGE_TOO_BIG"),
    Fact("content", "552 5.7.0 x", "POLICY"),
    Fact("content", "550 5.7.1 x", "POLICY"),
    Fact("content", "550 5.7.26 x", "SENDER_UNAUTHENTICATED"),
    Fact("content", "421 4.7.32 x", "SENDER_UNAUTHENTICATED"),
    Fact("content", "550 5.7.28 x", "RATE_LIMITED"),
    Fact("content", "550 5.4.5 x", "RATE_LIMITED"),
    Fact("content", "554 5.6.0 x", "MESSAGE_CONTENT"),
    Fact("content", "554 5.4.6 x", "MESSAGE_LOOP"),
    Fact("content", "554 the address is not verified", "SENDER_NOT_ALLOWED"),
    Fact("content", "554 5.2.252 SendAsDenied", "SENDER_NOT_ALLOWED"),
    Fact("content", "552 5.2.2 x", "RECIPIENT_FULL"),
    Fact("content", "550 5.1.1 x", "RECIPIENT_UNKNOWN"),
    Fact("content", "554 x", "NONE"),
    Fact("content", "421 4.4.2 x", "SERVER_CLOSING"),
  ]

  @Test(arguments: logins)
  func `of a login`(_ fact: Fact) { #expect(kind(fact.place, fact.reply) == fact.kind) }

  @Test(arguments: greetings)
  func `of a connection`(_ fact: Fact) { #expect(kind(fact.place, fact.reply) == fact.kind) }

  @Test(arguments: mails)
  func `of a mail`(_ fact: Fact) { #expect(kind(fact.place, fact.reply) == fact.kind) }

  @Test func `without a reply the code says something`() {
    #expect(Failure(.connection, "x").kind == .connectionLost)
    #expect(Failure(.protocolViolation, "x").kind == .serverProtocol)
    #expect(Failure(.oauth2, "x").kind == .loginNoToken)
    #expect(Failure(.options, "x").kind == .none)
  }

  @Test func `what was set is not replaced by what the reply says`() {
    var failure = Self.failure("AUTH PLAIN", Reply(535, "5.7.8 no"))
    failure.kind = .loginServerSignature
    #expect(failure.kind == .loginServerSignature)
    #expect(failure.followed(by: Failure(.connection, "x")).kind == .loginServerSignature)
    #expect(Self.failure("AUTH PLAIN", Reply(535, "5.7.8 no")).kind == .loginCredentials)
  }

  /// Digits of a status may be three, and a reply long.
  @Test func `nothing in a reply makes it slow or ends the program`() {
    let long = Reply(code: 550, lines: [[UInt8](repeating: 0x3C, count: 60_000)])
    #expect(Self.failure("RCPT TO", long).kind == .none)
    #expect(kind("RCPT TO", "550 5.999.999 x") == "NONE")
    #expect(kind("RCPT TO", "599 5.7.999 x") == "POLICY")
  }
}
