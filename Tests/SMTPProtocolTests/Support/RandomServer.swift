/// A random server: it answers what it received, mostly with a likely reply, one reply
/// at a time or several in one piece.
struct RandomServer {
  /// Commands, and ends of content, that have no reply.
  private var unanswered: [String] = ["greeting"]

  private static let anything = [
    "220 go", "250 ok", "354 go", "334 ", "334 ?", "235 in", "421 bye", "451 later", "452 many",
    "503 no", "550 no", "552 no", "221 bye", "250-a\r\n550 b", "250 a\r\n\r\n", "???",
  ]

  /// Lines of content, which want no reply.
  static let content: Set<String> = ["x", "..", "one", "two"]

  mutating func hear(_ octets: [UInt8]) {
    let lines = text(octets).split(separator: "\r\n").map { String($0) }
    unanswered += lines.filter { !Self.content.contains($0) }
  }

  private static func likely(_ command: String) -> [String] {
    let hello = "250-mx\r\n250-AUTH PLAIN\r\n250-SIZE 18\r\n250-CHUNKING\r\n250-XCLIENT NAME\r\n250"
    return switch command.prefix(while: { $0 != " " }) {
    case "greeting": ["220 hi"]
    case "EHLO":
      ["\(hello) PIPELINING", "\(hello) PIPELINING", "\(hello) STARTTLS", "250 mx", "502 what?"]
    case "STARTTLS": ["220 go"]
    case "XCLIENT": ["220 hi", "501 no", "554 no"]
    case "AUTH": ["334 ", "235 in", "535 no"]
    case "DATA": ["354 go", "354 go", "503 no"]
    case ".", "BDAT": ["250 queued", "250 queued", "554 no"]
    case "MAIL", "RCPT", "RSET": ["250 ok", "250 ok", "250 ok", "550 no", "452 many"]
    default: ["250 ok", "250 ok", "550 no"]
    }
  }

  /// The next reply.
  mutating func says(_ random: inout FixedRandom) -> [UInt8] {
    if unanswered.isEmpty || Int.random(in: 0..<24, using: &random) == 0 {
      if !unanswered.isEmpty { unanswered.removeFirst() }
      return bytes(Self.anything.randomElement(using: &random)! + "\r\n")
    }
    let count = Int.random(in: 1...unanswered.count, using: &random)
    let commands = unanswered.prefix(count)
    unanswered.removeFirst(count)
    return bytes(
      commands.map { Self.likely($0).randomElement(using: &random)! + "\r\n" }.joined())
  }
}
