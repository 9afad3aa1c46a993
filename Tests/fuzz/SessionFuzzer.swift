/// No server and no order of operations may trap, leave an operation without an
/// end, or end it twice.
///
/// Input: one octet with the configuration, then what the server sends; in it,
/// 0xFF and the octet behind it are something that the caller does.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSession(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
  guard let choice = input.first else { return 0 }
  var caller = Caller(choice)
  var isOperation = false
  for octet in input.dropFirst() where !caller.session.isOver {
    if isOperation {
      isOperation = false
      caller.act(octet)
    } else if octet == 0xFF {
      isOperation = true
    } else {
      caller.receive(octet)
    }
  }
  caller.finish()
  return 0
}

private struct Caller {
  enum Operation { case login, send, reset, quit }

  let session: Session
  private var parser = ReplyParser()
  private var encoder = ContentEncoder()
  private var pending: Operation?
  private var isContentWanted = false
  private var isContentWritten = false
  private var isFailed = false
  private var now: Int64 = 0

  init(_ choice: UInt8) {
    let policies: [Session.TLSPolicy] = [.never, .ifOffered, .required]
    session = Session(
      .init(
        name: choice & 0x40 == 0 ? Bytes.of("client.example") : [choice],
        tlsPolicy: policies[Int(choice & 3) % 3], isSecure: choice & 4 != 0,
        tracesDialogue: choice & 8 != 0),
      cryptography: HexCryptography())
  }

  mutating func receive(_ octet: UInt8) {
    now += 1
    parser.append([octet].span)
    do throws(Failure) {
      while !session.isOver, let reply = try parser.next() {
        session.receive(reply, now: now)
        settle()
      }
    } catch {
      session.abort(error)
      settle()
    }
  }

  mutating func act(_ octet: UInt8) {
    now += 1
    if isContentWanted, !isContentWritten {
      session.output.appendContent { output in
        encoder.encode([octet, 0x0A, 0x2E].span, into: &output)
        if octet & 1 == 0 { encoder.finish(into: &output) }
      }
      if octet & 1 == 0 {
        session.contentEnded(size: encoder.size)
        settle()
        isContentWritten = true
        encoder = ContentEncoder()
      }
    } else if octet == 0x21 {
      session.abort(Failure(.timedOut, "too slow"))
    } else if session.isReady, pending == nil {
      start(octet)
    } else if octet == 0x22 {
      session.contentEnded(size: 1)
      // Not wanted, so it must change nothing; `settle` would see.
    }
    settle()
  }

  private mutating func start(_ octet: UInt8) {
    let credentials = Credentials(
      user: [octet], password: [UInt8](repeating: octet, count: Int(octet) * 2), HexCryptography())
    switch octet % 8 {
    case 0:
      pending = .login
      session.login(Plain(credentials, HexCryptography()))
    case 1:
      pending = .login
      session.login(Login(credentials))
    case 2:
      pending = .reset
      session.reset()
    case 3:
      pending = .quit
      session.quit()
    default:
      guard
        let from = try? Mailbox(Bytes.of(octet & 0x10 == 0 ? "a@x.example" : "\u{E9}@x.example")),
        let to = try? Mailbox(Bytes.of("b@y.example"))
      else { preconditionFailure() }
      pending = .send
      session.send(
        SendRequest(
          from: octet & 0x20 == 0 ? from : nil,
          recipients: [Mailbox](repeating: to, count: Int(octet % 8) - 3),
          size: octet & 0x40 == 0 ? nil : UInt64(octet), use8BitMIME: octet & 0x80 == 0),
        now: now)
    }
  }

  mutating func finish() {
    session.abort(Failure(.timedOut, "too slow"))
    settle()
    precondition(pending == nil && session.isOver && session.output.isEmpty)
    _ = session.position
  }

  private mutating func settle() {
    // Between two CRLF no control character may stand but those of the content.
    var previous: UInt8 = 0
    let output = session.output.bytes
    let octets = output[0..<output.count]
    for octet in octets {
      precondition((octet == 0x0A) == (previous == 0x0D))
      if octet == 0 { precondition(isContentWanted) }
      previous = octet
    }
    if !isContentWanted, let last = octets.last { precondition(last == 0x0A) }
    _ = session.took(session.output.count)
    while let event = session.events.popFirst() { see(event) }
    if session.isOver { precondition(pending == nil) }
  }

  private mutating func see(_ event: Session.Event) {
    precondition(!isFailed)
    switch event {
    case .loginDone: end(.login)
    case .resetDone: end(.reset)
    case .quitDone: end(.quit)
    case .sendDone(let outcome):
      end(.send)
      isContentWanted = false
      if outcome.failure == nil || outcome.failure?.retry == .unknown {
        precondition(isContentWritten)
      }
      let accepted = outcome.recipients.contains { $0.status == .accepted }
      precondition(accepted == (outcome.failure == nil))
      for recipient in outcome.recipients { _ = recipient.failure }
    case .contentWanted:
      precondition(pending == .send)
      isContentWanted = true
      isContentWritten = false
    case .startTLS:
      precondition(!session.isSecure)
      session.secured()
    case .opened: break
    case .failed: isFailed = true
    }
  }

  private mutating func end(_ operation: Operation) {
    precondition(pending == operation)
    pending = nil
  }
}

/// Base64 is not what is tested here: anything that can be refused will do.
private final class HexCryptography: Cryptography {
  func base64Encode(_ bytes: [UInt8]) -> [UInt8] { Bytes.hexadecimal(bytes) }

  func base64Decode(_ text: [UInt8]) -> [UInt8]? { text.contains(0x3F) ? nil : text }

  func hmacMD5(key: [UInt8], _ message: [UInt8]) -> [UInt8]? { message }
  func signRS256(_ message: [UInt8], key: [UInt8]) -> [UInt8]? { message }
  func randomBytes(_ count: Int) -> [UInt8]? { nil }
  func cleanse(_ bytes: inout [UInt8]) { bytes = [] }
}
