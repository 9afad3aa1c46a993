import SMTPProtocol

/// How long each part of a connection took, in milliseconds: the time since the part before it,
/// so that the parts until it is open add up to all of the time.
package struct Timings {
  /// The numbers of `enum smtpconn_time_part`.
  package enum Part: Int32 {
    case resolve = 0
    case connect, proxy, tls, greeting, hello, login, envelope, content, verdict

    fileprivate static var count: Int { 10 }

    init?(_ phase: Phase) {
      switch phase {
      case .dns: self = .resolve
      case .connect: self = .connect
      case .proxy: self = .proxy
      case .tls, .starttls: self = .tls
      case .greeting: self = .greeting
      case .hello: self = .hello
      default: return nil
      }
    }
  }

  /// -1: has not taken place.
  private var spent = [Int64](repeating: -1, count: Part.count)
  private var mark: Int64 = 0
  private var messages = 0

  mutating func begin(at now: Int64) { mark = now }

  mutating func end(_ part: Part, at now: Int64) {
    add(now - mark, to: part)
    mark = now
  }

  /// A message, or a part of its recipients, has its result.
  mutating func add(_ outcome: Outcome) {
    guard outcome.wasAnswered else { return }
    messages += 1
    add(outcome.envelopeTime, to: .envelope)
    add(outcome.contentTime, to: .content)
    add(outcome.verdictTime, to: .verdict)
  }

  private mutating func add(_ time: Int64, to part: Part) {
    let place = Int(part.rawValue)
    spent[place] = max(0, spent[place]) + time
  }

  package func milliseconds(of part: Part) -> Int32 {
    Int32(clamping: spent[Int(part.rawValue)])
  }

  /// As in "resolve 1 ms, connect 12 ms; 3 messages: envelope 4 ms, content 0 ms, verdict 9 ms".
  var text: ErrorText {
    var text: ErrorText = ""
    for (place, time) in spent.enumerated() where time >= 0 {
      let isFirstOfMessages = place == Int(Part.envelope.rawValue)
      if isFirstOfMessages { text += "\(text.isEmpty ? "" : "; ")\(messages) messages: " }
      let separator: ErrorText = text.isEmpty || isFirstOfMessages ? "" : ", "
      text += "\(separator)\(Self.name(place)) \(time) ms"
    }
    return text
  }

  private static func name(_ place: Int) -> ErrorText {
    switch Part(rawValue: Int32(truncatingIfNeeded: place)) {
    case .resolve: "resolve"
    case .connect: "connect"
    case .proxy: "proxy"
    case .tls: "TLS"
    case .greeting: "greeting"
    case .hello: "hello"
    case .login: "login"
    case .envelope: "envelope"
    case .content: "content"
    case .verdict, nil: "verdict"
    }
  }
}
