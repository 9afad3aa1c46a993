/// Takes an HTTP/1.1 response (RFC 9112) apart as it arrives: the status and the
/// body, whose end is told by its length, by chunks, or by the end of the
/// connection. Everything is bounded, and nothing stays in memory: there is a token
/// in it.
package final class HTTPResponse {
  package static let headerLimit = 16384
  package static let bodyLimit = 65536
  /// Everything: interim responses, the sizes of chunks and trailers too. Chunks of
  /// one octet cost six.
  package static let totalLimit = headerLimit + 6 * bodyLimit

  package private(set) var status = 0
  private let content: Secret

  private enum Part {
    case header
    case length(Int)
    case untilClose
    case chunkSize
    case chunk(Int)
    case chunkEnd
    case trailer
    case done
    case broken
  }

  private var part = Part.header
  /// What has arrived; the first `taken` octets are done with, and up to `searched` there is no
  /// end of a line, so that nothing is looked at twice.
  private let buffer: Secret
  private var taken = 0
  private var searched = 0
  /// Octets that were looked at for the end of a line, each time counted.
  private(set) var examined = 0
  private var received = 0
  private var lineCount = 0
  private var contentLength: Int?
  private var isChunked = false

  package init(_ cryptography: any Cryptography) {
    content = Secret(capacity: 4096, cryptography)
    buffer = Secret(capacity: 4096, cryptography)
  }

  package var body: [UInt8] { content.bytes }

  package var isComplete: Bool {
    if case .done = part { return true }
    return false
  }

  package var isBroken: Bool {
    if case .broken = part { return true }
    return false
  }

  package func append(_ bytes: ArraySlice<UInt8>) {
    if isBroken || isComplete { return }
    received += bytes.count
    buffer.append(bytes)
    while step() {}
    if taken > 0 {
      buffer.removeFirst(taken)
      searched = max(0, searched - taken)
      taken = 0
    }
    let limit = if case .header = part { Self.headerLimit } else { Self.bodyLimit }
    if isComplete { return }
    if buffer.bytes.count > limit || content.bytes.count > Self.bodyLimit
      || received > Self.totalLimit
    {
      part = .broken
    }
  }

  /// The connection has ended.
  package func finish() {
    if case .untilClose = part { part = .done }
    if !isComplete { part = .broken }
  }

  /// false when more octets are needed, or none.
  private func step() -> Bool {
    switch part {
    case .header, .trailer, .chunkSize, .chunkEnd:
      guard let line = takeLine() else { return false }
      return take(line)
    case .length(let rest):
      return takeBody(rest) { $0 == 0 ? .done : .length($0) }
    case .chunk(let rest):
      return takeBody(rest) { $0 == 0 ? .chunkEnd : .chunk($0) }
    case .untilClose:
      content.append(buffer.bytes.dropFirst(taken))
      taken = buffer.bytes.count
      return false
    case .done, .broken:
      return false
    }
  }

  private func takeBody(_ rest: Int, _ next: (Int) -> Part) -> Bool {
    let count = min(rest, buffer.bytes.count - taken)
    content.append(buffer.bytes.dropFirst(taken).prefix(count))
    taken += count
    part = next(rest - count)
    return count > 0 || rest == 0
  }

  private func takeLine() -> [UInt8]? {
    let rest = buffer.bytes.dropFirst(max(taken, searched))
    guard let end = rest.firstIndex(of: .lf) else {
      examined += rest.count
      searched = rest.endIndex
      return nil
    }
    examined += end + 1 - rest.startIndex
    if end - taken > Self.headerLimit {
      part = .broken
      return nil
    }
    var line = Array(buffer.bytes.dropFirst(taken).prefix(end - taken))
    taken = end + 1
    if line.last == .cr { line.removeLast() }
    return line
  }

  private func take(_ line: [UInt8]) -> Bool {
    switch part {
    case .header:
      return takeHeader(line)
    case .chunkSize:
      let digits = line.prefix { $0 != .semicolon && $0 != .space }
      guard digits.count <= 6, let size = Bytes.value(ofHexadecimal: digits) else {
        part = .broken
        return false
      }
      part = size == 0 ? .trailer : .chunk(size)
    case .chunkEnd:
      part = line.isEmpty ? .chunkSize : .broken
    default:
      if line.isEmpty { part = .done }
    }
    return true
  }

  private static func trimmed(_ text: ArraySlice<UInt8>) -> [UInt8] {
    let isBlank = { (byte: UInt8) in byte == .space || byte == .tab }
    let start = text.drop(while: isBlank)
    return Array(start.prefix(start.count - start.reversed().prefix(while: isBlank).count))
  }

  private func takeHeader(_ line: [UInt8]) -> Bool {
    lineCount += 1
    if lineCount == 1 { return takeStatus(line) }
    if line.isEmpty {
      if status < 200 {
        // An interim response; the real one follows (RFC 9110 section 15.2).
        lineCount = 0
        contentLength = nil
        isChunked = false
      } else if isChunked {
        part = .chunkSize
      } else if let contentLength {
        part = .length(contentLength)
      } else {
        part = .untilClose
      }
      return true
    }
    guard lineCount < 200, let colon = line.firstIndex(of: .colon) else {
      part = .broken
      return false
    }
    let name = Array(line[..<colon])
    let value = Self.trimmed(line[(colon + 1)...])
    if Bytes.equalIgnoringCase(name, Bytes.of("Content-Length")) {
      guard let length = Self.decimal(value), length <= Self.bodyLimit,
        contentLength ?? length == length
      else {
        part = .broken
        return false
      }
      contentLength = length
    } else if Bytes.equalIgnoringCase(name, Bytes.of("Transfer-Encoding")) {
      isChunked = Bytes.equalIgnoringCase(value, Bytes.of("chunked"))
      if !isChunked { part = .broken }
    }
    return true
  }

  /// `HTTP/1.1 200 OK`
  private func takeStatus(_ line: [UInt8]) -> Bool {
    let words = line.split(separator: .space, maxSplits: 2)
    guard words.count >= 2, Array(words[0].prefix(7)) == Bytes.of("HTTP/1."),
      let code = Self.decimal(Array(words[1])), (100..<600).contains(code)
    else {
      part = .broken
      return false
    }
    status = code
    return true
  }

  private static func decimal(_ digits: [UInt8]) -> Int? {
    guard (1...9).contains(digits.count), digits.allSatisfy({ Bytes.isDigit($0) }) else {
      return nil
    }
    return digits.reduce(0) { $0 * 10 + Int($1 - .digitZero) }
  }
}
