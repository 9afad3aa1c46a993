/// Cuts the octets of the server into replies (RFC 5321 section 4.2).
///
/// Tolerant where servers are known to differ (a bare LF ends a line, a code may be
/// without text, blank lines may precede a reply, the first digit of a code decides)
/// and strict where tolerance would take a failure for a success: a reply whose lines
/// have different codes is a refusal when its last line is one, and otherwise a
/// protocol violation.
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
  private var buffer = OctetBuffer()
  private var consumed = 0
  /// Up to here no LF was found: a reply that trickles in is scanned once.
  private var scanned = 0
  private var hasNUL = false
  /// Of a reply whose last line is still to come: the code of the latest line.
  private var code: Int?
  private var hasMixedCodes = false
  private var text: [UInt8] = []
  private var lineCount = 0
  private var replySize = 0
  private var blankLines = 0
  /// What was looked at and not taken.
  private var peeked: Plain?
  /// The last 354: it is the same for every message.
  private var goAhead: Reply?

  /// Whether a failure quotes the server. Once a secret was sent it does not: a server
  /// that repeats the secret in text that is no reply must not bring it into an error.
  package var quotes = true

  package init() {}

  /// Whether nothing has arrived that is not used up.
  package var isEmpty: Bool { consumed == buffer.count }

  /// Whether octets have arrived that no complete reply has used up.
  package var hasRest: Bool { consumed < buffer.count || code != nil }

  /// The same, apart from blank lines, which mean nothing between replies.
  package var hasMore: Bool {
    if code != nil { return true }
    for index in consumed..<buffer.count {
      let byte = buffer[index]
      if byte != .cr, byte != .lf, byte != .space, byte != .tab { return true }
    }
    return false
  }

  @_optimize(speed)
  package mutating func append(_ bytes: Span<UInt8>) {
    if consumed == buffer.count {
      buffer.removeAll()
      peeked = nil
      consumed = 0
      scanned = 0
    } else if consumed > Self.lineLimit {
      // Pieces that never end with a line would keep all of the past.
      buffer.removeFirst(consumed)
      peeked = nil
      scanned -= consumed
      consumed = 0
    }
    buffer.append(bytes)
  }

  /// The next complete reply, or nil until more octets are there.
  @_optimize(speed)
  package mutating func next() throws(Failure) -> Reply? {
    guard let plain = peek() else { return try nextOfAnyKind() }
    let reply = reply(of: plain, known: plain.code == 354 ? goAhead : nil)
    if plain.code == 354 { goAhead = reply }
    pass(plain)
    return reply
  }

  // MARK: Plain replies

  /// A reply of one line that is here, as nearly all are, before it is taken.
  struct Plain {
    let code: Int
    fileprivate let start: Int
    fileprivate let end: Int
  }

  /// The next reply, if it is plain.
  @_optimize(speed)
  mutating func peek() -> Plain? {
    if let peeked, peeked.start == consumed { return peeked }
    // One that trickles in is not looked at again and again.
    guard code == nil, scanned == consumed else { return nil }
    let start = consumed
    peeked = buffer.withSpan { octets in Self.plain(octets, start) }
    return peeked
  }

  @inline(__always)
  private static func plain(_ octets: Span<UInt8>, _ start: Int) -> Plain? {
    guard start &+ 4 < octets.count, octets[start &+ 3] == .space,
      let code = code(octets[start], octets[start &+ 1], octets[start &+ 2])
    else { return nil }
    var seen: UInt64 = 0
    let end = OctetScan.nextControl(octets, from: start &+ 4, seen: &seen)
    guard end &+ 1 < octets.count, octets[end] == .cr, octets[end &+ 1] == .lf,
      end &- start > 4, end &- start <= lineLimit
    else { return nil }
    return Plain(code: code, start: start, end: end)
  }

  mutating func pass(_ plain: Plain) {
    consumed = plain.end &+ 2
    scanned = consumed
    blankLines = 0
  }

  /// The reply; `known` itself when its text is the same, because servers repeat replies and
  /// a copy would cost an allocation.
  @_optimize(speed)
  func reply(of plain: Plain, known: Reply?) -> Reply {
    buffer.withSpan { octets in
      let text = octets.extracting(plain.start..<plain.end)
      if let known, OctetScan.equal(known.text.span, text) { return known }
      return Reply(code: plain.code, text: OctetScan.array(text))
    }
  }

  // MARK: Line by line

  private mutating func nextOfAnyKind() throws(Failure) -> Reply? {
    while let line = try nextLine() {
      if code == nil, isBlank(line) {
        blankLines += 1
        if blankLines > Self.blankLineLimit {
          throw Self.violation("the server sends blank lines instead of a reply")
        }
        continue
      }
      if let reply = try take(line) { return reply }
    }
    return nil
  }

  private func isBlank(_ line: Range<Int>) -> Bool {
    for index in line where buffer[index] != .space && buffer[index] != .tab { return false }
    return true
  }

  /// While nothing is expected for a while.
  package mutating func shrink() {
    if consumed == buffer.count {
      buffer.removeAll()
      peeked = nil
      consumed = 0
      scanned = 0
      buffer.shrink(to: Self.keptCapacity)
    }
  }

  private static let keptCapacity = 1024

  /// The server closed: a last line without its end counts, and so does a refusal without
  /// its last lines. A positive reply that is not complete does not.
  package mutating func finish() throws(Failure) -> Reply? {
    guard hasMore else { return nil }
    do throws(Failure) {
      if consumed < buffer.count {
        buffer.append(.lf)
        if let reply = try next() { return reply }
      }
    } catch {
      guard let refusal = takeUnfinishedRefusal() else { throw error }
      return refusal
    }
    return takeUnfinishedRefusal()
  }

  private mutating func takeUnfinishedRefusal() -> Reply? {
    guard let code, code >= 400 else { return nil }
    let reply = Reply(code: code, text: text)
    clear()
    return reply
  }

  /// The range of the next line in the buffer, without its end.
  private mutating func nextLine() throws(Failure) -> Range<Int>? {
    let count = buffer.count
    let (end, sawNUL) = findLineEnd()
    if sawNUL { hasNUL = true }
    if end == count {
      scanned = count
      // The last octet may be the CR of the line's end.
      if count - consumed > Self.lineLimit + 1 { throw tooLong(consumed..<count) }
      return nil
    }
    let hasCR = end > consumed && buffer[end - 1] == .cr
    let line = consumed..<(hasCR ? end - 1 : end)
    consumed = end + 1
    scanned = consumed
    if line.count > Self.lineLimit { throw tooLong(line) }
    return line
  }

  private func findLineEnd() -> (end: Int, sawNUL: Bool) {
    buffer.withSpan { octets in Self.findLineEnd(octets, from: scanned) }
  }

  private static func findLineEnd(
    _ octets: Span<UInt8>, from start: Int
  ) -> (end: Int, sawNUL: Bool) {
    var seen: UInt64 = 0
    var sawNUL = false
    var end = start
    while true {
      end = OctetScan.nextControl(octets, from: end, seen: &seen)
      if end == octets.count { break }
      let octet = octets[end]
      if octet == .lf { break }
      if octet == 0 { sawNUL = true }
      end &+= 1
    }
    return (end, sawNUL)
  }

  private func tooLong(_ line: Range<Int>) -> Failure {
    violation("the server sent a reply line of more than \(Self.lineLimit) octets", line)
  }

  /// Takes one line; returns the reply when it was the last one.
  ///
  /// `Reply-line = Reply-code [ ( "-" / SP ) textstring ]`. The grammar of RFC 5321 section
  /// 4.2 gives the second digit 0 to 5; servers use others, and a client decides by the
  /// first digit alone (sections 4.2.1 and 4.3.2).
  private mutating func take(_ line: Range<Int>) throws(Failure) -> Reply? {
    if hasNUL { throw violation("the server sent a NUL in a reply", line) }
    guard let lineCode = replyCode(line) else {
      throw violation("the server sent something that is not an SMTP reply", line)
    }
    let isLast = line.count == 3 || buffer[line.lowerBound + 3] == .space
    if let code, code != lineCode { hasMixedCodes = true }
    if hasMixedCodes, isLast, lineCode < 400 {
      throw violation("the lines of a reply have different codes", line)
    }
    lineCount += 1
    replySize += line.count
    if lineCount > Self.lineCountLimit || replySize > Self.replyLimit {
      throw violation("the server sent a reply without end", line)
    }
    // A blank after the code of an empty last line has no meaning.
    let shown = isLast && line.count == 4 ? line.dropLast() : line
    if isLast, code == nil {
      clear()
      return Reply(code: lineCode, text: buffer[shown])
    }
    if code != nil { text.append(.lf) }
    text += buffer[shown]
    code = lineCode
    guard isLast else { return nil }
    let reply = Reply(code: lineCode, text: text)
    clear()
    return reply
  }

  /// The beginning of an alert record (RFC 8446 sections 5.1 and 6), of which no reply begins.
  var beginsWithTLSAlert: Bool { buffer.count >= 2 && buffer[0] == 0x15 && buffer[1] == 0x03 }

  private mutating func clear() {
    code = nil
    hasMixedCodes = false
    text = []
    lineCount = 0
    replySize = 0
    blankLines = 0
  }

  private func replyCode(_ line: Range<Int>) -> Int? {
    guard line.count >= 3 else { return nil }
    let start = line.lowerBound
    let (first, second, third) = (buffer[start], buffer[start + 1], buffer[start + 2])
    guard line.count == 3 || buffer[start + 3] == .space || buffer[start + 3] == .hyphen
    else { return nil }
    return Self.code(first, second, third)
  }

  @inline(__always)
  private static func code(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> Int? {
    guard first >= 0x32, first <= 0x35, Bytes.isDigit(second), Bytes.isDigit(third)
    else { return nil }
    return Int(first) &* 100 &+ Int(second) &* 10 &+ Int(third) &- 0x30 &* 111
  }

  private func violation(_ text: ErrorText, _ line: Range<Int>) -> Failure {
    let shown: ErrorText =
      line.isEmpty || !quotes ? "" : ": \"\(Bytes.printable(buffer[line], limit: 80))\""
    return Self.violation(text + shown)
  }

  private static func violation(_ text: ErrorText) -> Failure {
    Failure(.protocolViolation, text, command: "CONN", phase: .idle)
  }
}
