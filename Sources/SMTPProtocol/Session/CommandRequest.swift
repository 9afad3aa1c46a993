/// A command with one reply, outside of transactions and logins: what is written, what the server
/// must offer for it, and what its reply changes. The commands themselves are in
/// CommandRequest+Commands, and how a session performs one is in Session+Commands.
package final class CommandRequest {
  /// What a positive reply means for the session.
  enum Effect {
    case nothing
    /// RSET: no transaction is open.
    case resets
    /// EHLO: what it offers counts from now on.
    case renews
    /// XCLIENT: all that was said before is void, and EHLO follows.
    case restarts
  }

  /// What the server must offer.
  enum Need {
    case nothing
    /// The verb as a keyword.
    case verb
    /// The verb with the names of all attributes.
    case attributes
    case smtpUTF8
  }

  /// RFC 5321 section 4.5.3.1.4, without the line end.
  static let lineLimit = 510

  let verb: [UInt8]
  let effect: Effect
  private let need: Need
  /// What follows the verb, as much in one line as it has room for.
  private let words: [[UInt8]]
  private var written = 0
  /// What follows the verb and is kept out of the log.
  let secret: Secret?
  /// The reply to its last line.
  var reply: Reply?
  /// XCLIENT, refused or not, has begun the session anew: EHLO follows.
  var hasRestarted = false
  /// That EHLO is under way, and why the server refused the command before it.
  var isRestarting = false
  var refusal: Failure?

  init(
    _ verb: [UInt8], _ words: [[UInt8]] = [], secret: Secret? = nil, needs need: Need = .nothing,
    effect: Effect = .nothing
  ) {
    self.verb = verb
    self.words = words
    self.secret = secret
    self.need = need
    self.effect = effect
  }

  /// Whether a failure of it holds back what was to be sent after it.
  package var isXCLIENT: Bool { effect == .restarts }

  var command: String { Bytes.printable(verb).text }

  var phase: Phase {
    switch effect {
    case .resets: .reset
    case .renews: .hello
    case .nothing, .restarts: .command
    }
  }

  /// Whether EHLO is under way.
  var isHello: Bool { effect == .renews || isRestarting }

  /// Whether words are left for another line.
  var hasMore: Bool { written < words.count }

  func nextLine() -> [UInt8] {
    reply = nil
    var line = verb
    while hasMore {
      let word = words[written]
      if line.count > verb.count, line.count + 1 + word.count > Self.lineLimit { break }
      line += [.space] + word
      written += 1
    }
    return line
  }

  // MARK: The server

  /// Why this server cannot be asked.
  func refusal(by capabilities: Capabilities) -> Failure? {
    switch need {
    case .nothing: return nil
    case .smtpUTF8:
      if capabilities.smtpUTF8 { return nil }
      return refused(
        "\(command) with characters outside ASCII needs SMTPUTF8, which the server does not offer"
          + " (RFC 6531 section 3.7.4.2)")
    case .verb, .attributes:
      guard let offer = capabilities.parameters(of: verb) else {
        return refused("the server does not offer \(command)")
      }
      guard case .attributes = need else { return nil }
      for word in words {
        let name = Array(word.prefix { $0 != .equals })
        if Bytes.hasWord(name, in: offer) { continue }
        return refused(
          "the server does not offer the attribute \(Bytes.printable(name)) of \(command); it offers"
            + " \"\(Bytes.printable(offer))\"")
      }
      return nil
    }
  }

  @inline(never)
  private func refused(_ text: ErrorText) -> Failure {
    Failure(.command, text, command: command, phase: phase, kind: .serverExtension)
  }

  /// The error of a refusal.
  func refused(_ reply: Reply, command: String) -> Failure {
    if effect == .resets {
      return .refused(
        .protocolViolation, RefusalText.reset, reply, command: command, phase: phase)
    }
    return .refused(
      .command, "the server refused \(command)", reply, command: command, phase: phase)
  }

  /// Some servers repeat a line that they do not understand, or a word of it.
  func hidingSecret(_ reply: Reply) -> Reply {
    guard let secret else { return reply }
    let text = reply.words
    let isEcho = secret.bytes.split(separator: .space).contains {
      Secret.isPart($0, of: text, atLeast: 4)
    }
    return isEcho ? reply.masked : reply
  }
}
