/// Cuts the octets of the server into replies (RFC 5321 section 4.2).
///
/// Tolerant where servers are known to differ (a bare LF ends a line, a code may
/// stand without text, blank lines may precede a reply) and strict where
/// tolerance would let two sides disagree about which reply answers which
/// command: every line of a reply must carry the same code.
package struct ReplyParser {
  /// RFC 5321 section 4.5.3.1.5 allows 512 octets; servers exceed it with long
  /// explanations, none with pages.
  package static let lineLimit = 8192
  /// The longest EHLO replies have some 30 lines.
  package static let lineCountLimit = 512
  package static let replyLimit = 65536
  /// Servers that send blank lines before the greeting send one or two.
  package static let blankLineLimit = 8

  /// Received and not yet consumed; complete lines before `consumed` are done.
  private var buffer: [UInt8] = []
  private var consumed = 0
  /// Up to here no LF was found: a reply that trickles in is scanned once.
  private var scanned = 0
  private var code: Int?
  private var lines: [[UInt8]] = []
  private var replySize = 0
  private var blankLines = 0

  /// Whether a failure shows what the server said. Once a secret was sent, a server
  /// that repeats it in what is no reply must not bring it into an error.
  package var quotes = true

  package init() {}

  /// Whether octets have arrived that no complete reply has used up.
  package var hasRest: Bool { consumed < buffer.count || code != nil }

  /// The same, apart from blank lines, which mean nothing between replies.
  package var hasMore: Bool {
    code != nil
      || buffer[consumed...].contains { $0 != 0x0D && $0 != 0x0A && $0 != 0x20 && $0 != 0x09 }
  }

  /// What has arrived and is not used up.
  private var rest: [UInt8] { Array(buffer[consumed...]) }

  package mutating func append(_ bytes: ArraySlice<UInt8>) {
    if consumed == buffer.count {
      buffer.removeAll(keepingCapacity: true)
      consumed = 0
      scanned = 0
    } else if consumed > Self.lineLimit {
      // Pieces that never end with a line would keep all of the past.
      buffer.removeFirst(consumed)
      scanned -= consumed
      consumed = 0
    }
    buffer.append(contentsOf: bytes)
  }

  /// The next complete reply, or nil until more octets are there.
  package mutating func next() throws(Failure) -> Reply? {
    while let line = try nextLine() {
      if code == nil, line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) {
        blankLines += 1
        if blankLines > Self.blankLineLimit {
          throw violation("the server sends blank lines instead of a reply")
        }
        continue
      }
      if let reply = try take(line) { return reply }
    }
    return nil
  }

  /// The server closed: a last line without its end still counts.
  package mutating func finish() throws(Failure) -> Reply? {
    guard hasMore else { return nil }
    append([0x0A])
    return try next()
  }

  private mutating func nextLine() throws(Failure) -> ArraySlice<UInt8>? {
    guard let end = buffer[scanned...].firstIndex(of: 0x0A) else {
      scanned = buffer.count
      // The last octet may be the CR of the line's end.
      if buffer.count - consumed > Self.lineLimit + 1 {
        throw violation(
          "the server sent a reply line of more than \(Self.lineLimit) octets", rest)
      }
      return nil
    }
    let hasCR = end > consumed && buffer[end - 1] == 0x0D
    let line = buffer[consumed..<(hasCR ? end - 1 : end)]
    consumed = end + 1
    scanned = consumed
    if line.count > Self.lineLimit {
      throw violation(
        "the server sent a reply line of more than \(Self.lineLimit) octets", Array(line))
    }
    if line.contains(0) {
      throw violation("the server sent a NUL in a reply", Array(line))
    }
    return line
  }

  /// Takes one line; returns the reply when it was the last one.
  private mutating func take(_ line: ArraySlice<UInt8>) throws(Failure) -> Reply? {
    guard let (lineCode, isLast, text) = Self.split(line) else {
      throw violation("the server sent something that is not an SMTP reply", Array(line))
    }
    if let code, code != lineCode {
      throw violation("the lines of a reply have different codes", Array(line))
    }
    code = lineCode
    lines.append(Array(text))
    replySize += line.count
    if lines.count > Self.lineCountLimit || replySize > Self.replyLimit {
      throw violation("the server sent a reply without end", Array(line))
    }
    guard isLast else { return nil }
    let reply = Reply(code: lineCode, lines: lines)
    code = nil
    lines = []
    replySize = 0
    blankLines = 0
    return reply
  }

  /// `Reply-line = Reply-code [ ( "-" / SP ) textstring ]`, the code being
  /// `%x32-35 %x30-35 %x30-39` (RFC 5321 section 4.2).
  private static func split(
    _ line: ArraySlice<UInt8>
  ) -> (code: Int, isLast: Bool, text: ArraySlice<UInt8>)? {
    let digits = line.prefix(3)
    guard digits.count == 3, digits.allSatisfy({ Bytes.isDigit($0) }) else { return nil }
    let code = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    guard code >= 200, code < 600, (code / 10) % 10 <= 5 else { return nil }
    let rest = line.dropFirst(3)
    guard let separator = rest.first else { return (code, true, rest) }
    guard separator == 0x20 || separator == 0x2D else { return nil }
    return (code, separator == 0x20, rest.dropFirst())
  }

  private func violation(_ text: Message, _ bytes: [UInt8] = []) -> Failure {
    let shown: Message = bytes.isEmpty || !quotes ? "" : ": \"\(Bytes.printable(bytes, limit: 80))\""
    return Failure(.protocolViolation, text + shown, command: "CONN", phase: .idle)
  }
}
