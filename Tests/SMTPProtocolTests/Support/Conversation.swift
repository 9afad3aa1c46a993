@testable import SMTPProtocol

/// Drives a session as SMTPConnection does, without sockets: its output and events are
/// kept until they are taken.
struct Conversation {
  let session: Session
  let log = LogLines()
  private var encoder = ContentEncoder()
  private var output: [UInt8] = []
  private var events: [Session.Event] = []
  let cryptography = FixedCryptography()
  private var isHeld = false
  /// A dialogue that is written down takes no reply by the short way.
  let isTraced: Bool
  /// The last command with one reply, as the transcript calls it.
  var command = "command"
  /// Milliseconds; a transcript moves it with `> wait`.
  var now: Int64 = 1000

  init(
    _ policy: Session.TLSPolicy = .ifOffered, isSecure: Bool = false,
    name: String = "client.example", isLMTP: Bool = false, verifiesPeer: Bool = true,
    chunking: Session.Chunking = .off, isTraced: Bool = true,
    initialResponse: Session.InitialResponse = .automatic, renewsHello: Bool = false
  ) {
    self.isTraced = isTraced
    var configuration = Session.Configuration(
      name: bytes(name), tlsPolicy: policy, isSecure: isSecure,
      log: isTraced ? log.log : nil)
    configuration.isLMTP = isLMTP
    configuration.verifiesPeer = verifiesPeer
    configuration.chunking = chunking
    configuration.initialResponse = initialResponse
    configuration.renewsHello = renewsHello
    session = Session(configuration, cryptography: cryptography)
  }

  // MARK: What the server does

  mutating func receive(_ octets: some Sequence<UInt8>) {
    let octets = Array(octets)
    // None would mean that the server has closed.
    if !octets.isEmpty { _ = session.receive(octets.span, now: now) }
    drain()
  }

  mutating func serverCloses() {
    _ = session.receive([UInt8]().span, now: now)
    drain()
    if session.isOver { return }
    let (phase, command) = session.position
    give(
      up: Failure(
        .connection, "the server closed the connection unexpectedly", command: command,
        phase: phase,
        retry: .safe))
  }

  // MARK: What the caller does

  mutating func perform(_ operation: (Session, Int64) -> Void) {
    operation(session, now)
    drain()
  }

  /// After QUIT was written nothing is an error.
  mutating func give(up failure: Failure) {
    let isWanted = session.expectation == .farewell
    let end = session.abort(failure)
    drain()
    if !isWanted { events.append(.failed(end.reason, isDoubtful: end.isDoubtful)) }
  }

  /// Content as far as it goes, and its end if that is wanted.
  mutating func write(_ content: [UInt8], ends: Bool) {
    var piece = OctetBuffer()
    encoder.encode(content.span, into: &piece)
    if ends { encoder.finish(into: &piece) }
    session.append(ends ? .end(size: encoder.size) : .piece) { $0.append(piece) }
    if ends { encoder = ContentEncoder() }
    drain()
  }

  /// From now on nothing leaves by itself, as when the other side does not read.
  mutating func hold() { isHeld = true }

  /// So many whole lines leave, and so many octets after them.
  mutating func leave(lines: Int, octets: Int = 0) {
    let waiting = session.output.bytes.octets.dropFirst(session.output.taken)
    let ends = waiting.indices.filter { waiting[$0] == 0x0A }
    let end = lines == 0 ? waiting.startIndex : ends[lines - 1] + 1
    leave(end - waiting.startIndex + octets)
  }

  private mutating func leave(_ count: Int) {
    output += session.output.bytes.octets.dropFirst(session.output.taken).prefix(count)
    _ = session.took(count, now: 0)
  }

  // MARK: What came of it

  /// What a driver can see from outside.
  var state: String {
    let reply = session.lastReply.map { text($0.text) } ?? "none"
    return "last reply \(reply); \(session.position); ready \(session.isReady),"
      + " ahead possible \(session.isAheadPossible), expects \(session.expectation),"
      + " early \(session.isEarly)"
  }

  private mutating func drain() {
    while let event = session.nextEvent() {
      if case .failed(let failure, _) = event, !session.isOver {
        give(up: failure)
      } else if case .workDue = event {
        session.work()
      } else {
        events.append(event)
      }
    }
    if !isHeld { leave(session.output.count) }
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

extension Session {
  /// `admission` without the search for a reply that nothing asked for.
  var isAheadPossible: Bool {
    if case .transaction = state { return admission() == .sendAhead }
    return false
  }

  var wantsContent: Bool { expectation == .content }

  var takesChunks: Bool {
    if case .transaction(let transaction) = state { return transaction.transfer == .chunks }
    return false
  }
}
