@testable import SMTPProtocol

/// Drives a session as SMTPConnection does, without sockets: octets of the
/// server go through the parser to the session; what the session says and tells
/// is kept until somebody takes it.
struct Conversation {
  private var parser = ReplyParser()
  let session: Session
  private var encoder = ContentEncoder()
  private var output: [UInt8] = []
  private var events: [Session.Event] = []
  let cryptography = FixedCryptography()
  /// Milliseconds; a transcript moves it with `> wait`.
  var now: Int64 = 1000

  init(
    _ policy: Session.TLSPolicy = .ifOffered, isSecure: Bool = false,
    name: String = "client.example", isLMTP: Bool = false, verifiesPeer: Bool = true,
    chunking: Session.Chunking = .off
  ) {
    var configuration = Session.Configuration(
      name: bytes(name), tlsPolicy: policy, isSecure: isSecure, tracesDialogue: true)
    configuration.isLMTP = isLMTP
    configuration.verifiesPeer = verifiesPeer
    configuration.chunking = chunking
    session = Session(configuration, cryptography: cryptography)
  }

  // MARK: What the server does

  mutating func receive(_ octets: some Sequence<UInt8>) {
    parser.append(ArraySlice(Array(octets)))
    do throws(Failure) {
      while !session.isOver, let reply = try parser.next() { take(reply) }
    } catch {
      give(up: error)
    }
  }

  mutating func serverCloses() {
    if let reply = try? parser.finish(), reply.code >= 400 { take(reply) }
    if session.isOver { return }
    give(
      up: Failure(
        .connection, "the connection was lost", command: "CONN", phase: .idle, retry: .safe))
  }

  private mutating func take(_ reply: Reply) {
    session.receive(reply, now: now)
    let spoke = !session.output.isEmpty
    drain()
    if spoke, parser.hasMore, !session.isOver {
      give(up: Failure(.protocolViolation, "more than one reply", command: "CONN", phase: .idle))
    }
  }

  // MARK: What the caller does

  mutating func perform(_ operation: (Session, Int64) -> Void) {
    operation(session, now)
    drain()
  }

  /// After QUIT was written nothing is an error.
  mutating func give(up failure: Failure) {
    let isWanted = session.position.phase == .quit
    perform { session, now in session.abort(failure) }
    if !isWanted { events.append(.failed(failure)) }
  }

  /// Content as far as it goes, and its end if that is wanted.
  mutating func write(_ content: [UInt8], ends: Bool) {
    session.output.appendContent { output in
      encoder.encode(content.span, into: &output)
      if ends { encoder.finish(into: &output) }
    }
    if ends {
      session.contentEnded(size: encoder.size)
      encoder = ContentEncoder()
    }
    drain()
  }

  // MARK: What came of it

  private mutating func drain() {
    output += session.output.bytes.octets
    _ = session.took(session.output.count)
    while let event = session.events.popFirst() { events.append(event) }
  }

  mutating func takeOutput() -> [UInt8] {
    defer { output = [] }
    return output
  }

  mutating func takeEvents() -> [Session.Event] {
    defer { events = [] }
    return events
  }
}
