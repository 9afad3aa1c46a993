import CSystem
package import SMTPProtocol

/// The result of a read or write.
package enum IOOutcome {
  case bytes(Int)
  /// Nothing now: call again after `onReady`.
  case wouldBlock
  case endOfStream
  case failed(Failure)
}

/// Who is at the other end of TLS.
package enum TLSPeer {
  case server
  /// The server, after STARTTLS.
  case upgradedServer
  case proxy
}

package enum HandshakeOutcome {
  case done(TLSInfo)
  case pending
  case failed(Failure)
}

/// An open connection, with or without TLS.
///
/// It decides itself what to watch: always input, and room for output while a call
/// is blocked without it. Under TLS a read may need to write and a write to read; so
/// `onReady` means only that a blocked call may succeed now, and must be repeated.
///
/// The loop keeps an open channel alive until `close`.
package final class Channel {
  /// nil without a socket.
  private let socket: ConnectedSocket?
  private let wire: Wire
  private let loop: EventLoop
  private var watch: Watch?
  private var isOpen = true
  /// With the server, or with a proxy as long as there is none with the server.
  private var session: TLSSession?
  private var peer: [UInt8] = []
  private var peerKind = TLSPeer.server

  /// Calls that cannot go on until the socket takes more.
  private struct Blocked: OptionSet {
    let rawValue: UInt8
    static let reading = Blocked(rawValue: 1)
    static let writing = Blocked(rawValue: 2)
    static let handshake = Blocked(rawValue: 4)
  }
  private var blocked: Blocked = []
  /// No more input will come, and the socket would be readable for ever.
  private var hasEnded = false
  private var isDelivering = false
  private var sentInTheClear = 0

  /// nil when the descriptor cannot be watched; the socket is closed then.
  package init?(loop: EventLoop, socket: ConnectedSocket, onReady: @escaping () -> Void) {
    self.socket = socket
    wire = .socket(socket.descriptor)
    self.loop = loop
    watch = Watch(loop: loop, descriptor: socket.descriptor, readable: true, writable: false) {
      [self] readiness in deliver(readiness, onReady)
    }
    guard watch != nil else {
      socket.close()
      return nil
    }
  }

  /// Over the memory of the caller.
  package init(loop: EventLoop, pipe: MemoryPipe, onReady: @escaping () -> Void) {
    socket = nil
    wire = .memory(pipe)
    self.loop = loop
    pipe.open { [self] readiness in deliver(readiness, onReady) }
  }

  package var remote: SocketAddress { socket?.remote ?? .unspecified }
  package var local: SocketAddress { socket?.local ?? .unspecified }
  /// The address of the peer as text; nil without a socket.
  package var address: String? { socket?.remote.description }
  /// TLS with the server; that with a proxy does not count.
  package var isSecure: Bool { peerKind != .proxy && session?.isEstablished == true }
  /// Octets that have arrived may be where the loop does not see them.
  package var isBuffered: Bool { session != nil }
  /// Octets read from the socket in one turn: input alternates with other connections and time
  /// limits, even when it has no data. It is the size of a TLS record: room for 600 key
  /// updates, which take some milliseconds, or for the replies to 100 messages.
  static let octetsPerTurn = 16_384
  private var allowance = octetsPerTurn

  /// The largest TLS record.
  package static var largestRecord: Int { TLSSession.record }

  /// All octets that the system accepted, as they are on the wire, and how many of them the
  /// peer has not acknowledged yet; nil when the system does not know. For a Unix domain
  /// socket the second counts buffers, until everything in them was read. Without a socket there is
  /// nothing that could be asked, and the first is 0.
  package var sent: Int { socket == nil ? 0 : sentInTheClear &+ (session?.sent ?? 0) }
  package var unsent: Int? {
    guard isOpen, let socket else { return nil }
    let count = csystem_unsent(socket.descriptor)
    return count < 0 ? nil : Int(count)
  }

  // MARK: Bytes

  /// Fills the front of `buffer`. Call until `wouldBlock`: under TLS there may be octets
  /// in OpenSSL's buffer, which does not make the descriptor readable. `wouldBlock` is
  /// returned too when enough was read for one turn; `onReady` is called in the next.
  package func read(into buffer: inout [UInt8]) -> IOOutcome {
    guard isOpen, !buffer.isEmpty else { return .wouldBlock }
    blocked.remove(.reading)
    let outcome = unsafe buffer.withUnsafeMutableBytes { room -> IOOutcome in
      guard let base = room.baseAddress else { return .wouldBlock }
      if let session {
        guard session.isEstablished else { return .wouldBlock }
        return result(of: unsafe session.read(base, room.count), .reading)
      }
      do throws(Errno) {
        guard allowance > 0 else { return .wouldBlock }
        let count = try unsafe wire.receive(base, min(room.count, allowance))
        allowance -= count
        return count == 0 ? .endOfStream : .bytes(count)
      } catch {
        return error.code == EAGAIN ? .wouldBlock : .failed(failure(error))
      }
    }
    switch outcome {
    case .endOfStream, .failed: hasEnded = true
    case .bytes, .wouldBlock: break
    }
    updateInterest()
    return outcome
  }

  /// Writes what is accepted now, without copying. After `wouldBlock` the same octets,
  /// possibly with more after them, must be offered again.
  package func write(_ octets: Span<UInt8>) -> IOOutcome {
    guard isOpen else { return .wouldBlock }
    guard !octets.isEmpty else { return .bytes(0) }
    blocked.remove(.writing)
    let outcome = unsafe octets.withUnsafeBytes { octets -> IOOutcome in
      guard let start = octets.baseAddress else { return .bytes(0) }
      if let session {
        guard session.isEstablished else { return .wouldBlock }
        return result(of: unsafe session.write(start, octets.count), .writing)
      }
      do throws(Errno) {
        let count = try unsafe wire.send(start, octets.count)
        sentInTheClear &+= count
        return .bytes(count)
      } catch {
        guard error.code == EAGAIN else { return .failed(failure(error)) }
        blocked.insert(.writing)
        return .wouldBlock
      }
    }
    // Once more, for octets that the server sent before it closed.
    if case .failed = outcome { allowReading() }
    updateInterest()
    return outcome
  }

  private func allowReading() {
    allowance = Self.octetsPerTurn
    session?.allow(Self.octetsPerTurn)
  }

  package func write(_ bytes: [UInt8], from offset: Int) -> IOOutcome {
    guard offset >= 0, offset < bytes.count else { return .bytes(0) }
    return write(bytes.span.extracting(offset..<bytes.count))
  }

  private func result(of step: TLSSession.Step, _ call: Blocked) -> IOOutcome {
    switch step {
    case .done(let count): return .bytes(count)
    case .wantsRead: return .wouldBlock
    case .wantsWrite:
      blocked.insert(call)
      return .wouldBlock
    case .closed: return .endOfStream
    case .system(let error): return .failed(failure(error))
    case .failed(let queue):
      var failure = Failure(
        .tls, "TLS failed: \(queue.text)", command: "CONN", phase: .idle,
        retry: TLSRetry.afterHandshake(queue.reason), kind: TLSFailure.kind(ofAlert: queue.reason))
      failure.tlsReason = queue.text
      failure.addresses = address
      return .failed(failure)
    }
  }

  /// The layers above know the command and the phase.
  private func failure(_ error: Errno) -> Failure {
    let isLost = error.code == ECONNRESET || error.code == EPIPE
    var failure = Failure(
      isLost ? .connection : .socket,
      "connection \(address.map { "to \($0) " } ?? "")lost: \(error.text)",
      command: "CONN", phase: .idle, retry: .safe)
    failure.errno = error.code
    failure.addresses = address
    return failure
  }

  // MARK: TLS

  /// Prepares for TLS with a server that must prove to be `serverName`;
  /// `handshake` does the rest.
  ///
  /// After TLS with a proxy it is begun once more, inside of that.
  package func beginTLS(
    _ context: TLSContext, serverName: [UInt8], with peerKind: TLSPeer
  ) -> Failure? {
    guard let name = TLSPeerName(serverName) else {
      let shown = Bytes.printable(serverName)
      return located(
        TLSFailure.make(
          "\"\(shown)\" is no name that a certificate can be checked for",
          reason: "bad host name", retry: .no, kind: .tlsSetup))
    }
    guard isOpen, session == nil || self.peerKind == .proxy,
      let session = makeSession(context), session.expect(name)
    else {
      let reason = TLSErrorQueue.drain().text
      return located(
        TLSFailure.make(
          "TLS cannot be set up: \(reason)", reason: reason, retry: .no, kind: .tlsSetup))
    }
    session.resume()
    self.session = session
    hold(true)
    peer = name.text
    self.peerKind = peerKind
    return nil
  }

  private func makeSession(_ context: TLSContext) -> TLSSession? {
    if let session { return TLSSession(context, inside: session) }
    return TLSSession(context, over: wire)
  }

  /// Continues the handshake; called again after `onReady` until it is over.
  package func handshake() -> HandshakeOutcome {
    guard isOpen, let session else { return .pending }
    blocked.remove(.handshake)
    let outcome = handshake(session)
    if case .failed = outcome { hasEnded = true }
    updateInterest()
    return outcome
  }

  private func handshake(_ session: TLSSession) -> HandshakeOutcome {
    switch session.handshake() {
    case .done:
      hold(false)
      return .done(session.info)
    case .wantsRead: return .pending
    case .wantsWrite:
      blocked.insert(.handshake)
      return .pending
    case .closed: return .failed(located(TLSFailure.closed(nil)))
    case .system(let error): return .failed(located(TLSFailure.closed(error)))
    case .failed(let queue):
      return .failed(
        located(TLSFailure.handshake(queue, session, peer: peer, with: peerKind)))
    }
  }

  /// The secrets of the handshake so far, for `TLSConfiguration.onKey`.
  package func takeKeyLines() -> [Secret] { session?.takeKeyLines() ?? [] }

  /// The certificates of the server, its own first; none after `close`.
  package var certificateCount: Int { isSecure ? session?.certificateCount ?? 0 : 0 }

  package func certificate(at index: Int, _ field: TLSCertificateField) -> [UInt8]? {
    isSecure ? session?.certificate(at: index, field) : nil
  }

  private func located(_ failure: Failure) -> Failure {
    var failure = failure
    failure.addresses = address
    return failure
  }

  /// What a login can be tied to.
  package func binding(_ choice: ChannelBinding.Choice) -> ChannelBinding {
    if isSecure, let session { return session.binding(choice) }
    if case .only(let kind) = choice { return .missing(kind) }
    return .none
  }

  // MARK: Waiting

  private func deliver(_ readiness: Readiness, _ onReady: () -> Void) {
    // A call that is still blocked registers again.
    if readiness.contains(.writable) { blocked = [] }
    allowReading()
    isDelivering = true
    onReady()
    isDelivering = false
    updateInterest()
  }

  /// During `onReady` calls follow each other, and only the last one counts.
  private func updateInterest() {
    guard !isDelivering else { return }
    watch?.update(readable: !hasEnded, writable: !blocked.isEmpty)
  }

  /// Without a socket: what is written from now on is kept for the caller, who takes it when it
  /// wants, even after `close`.
  package func leave() { hold(true) }

  private func hold(_ isOn: Bool) {
    if case .memory(let pipe) = wire { pipe.hold(isOn) }
  }

  /// Closes the socket, after a close_notify if that is wanted and TLS is up, and
  /// drops the closures. Harmless when repeated.
  package func close(graceful: Bool) {
    guard isOpen else { return }
    isOpen = false
    leave()
    // A child process must not speak on its parent's connection.
    if graceful, !loop.isForeignProcess { session?.sayGoodbye() }
    session = nil
    watch?.cancel()
    watch = nil
    socket?.close()
    if case .memory(let pipe) = wire { pipe.close() }
  }
}
