import Testing

@testable import SMTPProtocol

@Suite struct HTTPResponseTests {
  private func read(_ pieces: [[UInt8]], finishes: Bool = false) -> HTTPResponse {
    let response = HTTPResponse(FixedCryptography())
    for piece in pieces { response.append(piece[...]) }
    if finishes { response.finish() }
    return response
  }

  private func read(_ answer: String, finishes: Bool = false) -> HTTPResponse {
    read([bytes(answer)], finishes: finishes)
  }

  /// The same comes out wherever the octets are cut.
  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello"),
    ("HTTP/1.1 200 OK\r\ncontent-length:5\r\n\r\nhello", 200, "hello"),
    ("HTTP/1.0 400 Bad Request\nContent-Length: \t3 \n\nbad", 400, "bad"),
    ("HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", 200, "x"),
    ("HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx", 200, "x"),
    ("HTTP/1.1 503 Service Not Available\r\nContent-Length: 0\r\n\r\n", 503, ""),
    (
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n!\r\n0\r\n\r\n",
      200,
      "hello!"
    ),
    (
      "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n00a\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n",
      200, "0123456789"
    ),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na\r\n\r\n0\r\n\r\n", 200, "a\r\n"),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, ""),
    (
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
      200, "x"
    ),
    (
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
        + "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok", 201, "ok"
    ),
  ])
  func `status and body are found, however the answer is cut`(
    _ answer: String, _ status: Int, _ body: String
  ) {
    let octets = bytes(answer)
    let ways =
      (0...octets.count).map { [Array(octets[..<$0]), Array(octets[$0...])] }
      + [octets.map { [$0] }]
    for (place, pieces) in ways.enumerated() {
      let response = read(pieces)
      #expect(response.isComplete && !response.isBroken, "cut at \(place)")
      #expect(response.status == status, "cut at \(place)")
      #expect(text(response.body) == body, "cut at \(place)")
    }
    // No octet earlier is this complete, and the end of the connection too soon
    // is no end.
    for count in 0..<octets.count {
      let response = read([Array(octets[..<count])])
      #expect(!response.isComplete && !response.isBroken, "\(count) octets")
      let ended = read([Array(octets[..<count])], finishes: true)
      #expect(!ended.isComplete && ended.isBroken, "\(count) octets")
    }
  }

  @Test func `without a length the end of the connection is the end`() {
    let answer = bytes("HTTP/1.1 200 OK\r\nX-Other: 1\r\n\r\nhello")
    let response = read([answer])
    #expect(!response.isComplete && !response.isBroken)
    response.finish()
    #expect(response.isComplete)
    #expect(text(response.body) == "hello")
    let pieces = read(answer.map { [$0] }, finishes: true)
    #expect(pieces.isComplete)
    #expect(text(pieces.body) == "hello")
  }

  @Test func `what follows a complete answer is not looked at`() {
    let response = read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 no\r\n\r\n")
    #expect(response.isComplete)
    #expect(response.status == 200)
    #expect(text(response.body) == "ok")
    response.finish()
    #expect(response.isComplete && !response.isBroken)
  }

  @Test(arguments: [
    "\r\n", "220 mx.example ESMTP\r\n", "HTTP/2 200\r\n", "HTTP/1.1\r\n", "HTTP/1.1 OK\r\n",
    "HTTP/1.1 99 x\r\n", "HTTP/1.1 600 x\r\n", "HTTP/1.1 -20 x\r\n", "HTTP/1.1 2000 x\r\n",
    "http/1.1 200 OK\r\n", "HTTP/1.1 99999999999999999999 x\r\n",
    "HTTP/1.1 200 OK\r\nno colon\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: \r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5,5\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n",
  ])
  func `nonsense in the header breaks the answer`(_ answer: String) {
    let response = read(answer + "\r\n")
    #expect(response.isBroken && !response.isComplete)
    #expect(read(bytes(answer).map { [$0] }).isBroken)
    response.append(bytes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")[...])
    response.finish()
    #expect(response.isBroken && !response.isComplete)
  }

  @Test(arguments: [
    "\r\n", "g\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", ";a\r\n", " 1\r\n", "1000000\r\n",
    "ffffffffffffffffffff\r\n", "1\r\nxy\r\n", "1\r\nx0\r\n", "1\r\nx\r\n\r\n",
  ])
  func `nonsense for the size of a chunk breaks the answer`(_ chunks: String) {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    #expect(read(answer).isBroken)
    #expect(read(bytes(answer).map { [$0] }).isBroken)
  }

  /// RFC 9112 section 6.3: a length that is given twice and differs cannot be
  /// trusted, and blanks do not join digits.
  @Test(arguments: [
    "Content-Length: 2\r\nContent-Length: 3", "Content-Length: 1 2",
    "Transfer-Encoding: chun ked",
  ])
  func `a doubtful length breaks the answer`(_ header: String) {
    #expect(read("HTTP/1.1 200 OK\r\n\(header)\r\n\r\n").isBroken)
  }

  @Test func `an interim response has no effect`() {
    let response = read(
      "HTTP/1.1 100 Continue\r\nContent-Length: 2\r\n\r\nHTTP/1.1 200 OK\r\n\r\nhello",
      finishes: true)
    #expect(response.isComplete)
    #expect(text(response.body) == "hello")
  }

  // MARK: Limits

  @Test func `a body has 65536 octets at most`() {
    let body = [UInt8](repeating: 0x78, count: HTTPResponse.bodyLimit)
    let heads = [
      ("HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n", ""),
      ("HTTP/1.1 200 OK\r\n\r\n", ""),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000\r\n", "\r\n0\r\n\r\n"),
    ]
    for (head, tail) in heads {
      let response = read([bytes(head), body, bytes(tail)], finishes: true)
      #expect(response.isComplete, "\(head)")
      #expect(response.body == body)
    }
    #expect(read([bytes(heads[1].0), body, [0x78]], finishes: true).isBroken)
    let chunk = read([bytes(heads[2].0), body, bytes("\r\n1\r\nx")])
    #expect(chunk.isBroken)
    #expect(
      read([
        bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n"), body,
        [0x78],
      ]).isBroken)
  }

  @Test func `the header is bounded in lines and octets`() {
    let start = "HTTP/1.1 200 OK\r\n"
    let lines = { String(repeating: "X-Filler: 1\r\n", count: $0) }
    #expect(read(start + lines(190) + "Content-Length: 0\r\n\r\n").isComplete)
    #expect(read(start + lines(200) + "Content-Length: 0\r\n\r\n").isBroken)
    let long = bytes(start) + [UInt8](repeating: 0x78, count: HTTPResponse.headerLimit)
    #expect(!read([long]).isBroken)
    #expect(read([long, [0x78]]).isBroken)
    #expect(read(long.map { [$0] } + [[0x78]]).isBroken)
  }

  /// The work is that of the octets, whatever the pieces: as many are looked at as there are.
  @Test(arguments: [1, 7, HTTPResponse.headerLimit])
  func `every octet of a header is looked at once`(_ size: Int) {
    let long = "HTTP/1.1 200 OK\r\nX-Long: "
    let one = bytes(long + String(repeating: "x", count: HTTPResponse.headerLimit - long.count))
    let line = "X-Filler: " + String(repeating: "y", count: 68) + "\r\n"
    let many = bytes("HTTP/1.1 200 OK\r\n" + String(repeating: line, count: 198))
    for octets in [one, many] {
      let pieces = stride(from: 0, to: octets.count, by: size).map {
        Array(octets[$0..<min($0 + size, octets.count)])
      }
      let response = read(pieces)
      #expect(!response.isBroken && !response.isComplete)
      #expect(response.examined == octets.count)
    }
  }

  /// Sizes of chunks and trailers likewise; what is inside a chunk is not looked at.
  @Test func `every octet between chunks is looked at once`() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    let between = "1\r\n" + "\r\n"
    let chunk = "1\r\nx\r\n"
    let tail = "0\r\nX-Trailer: 1\r\n\r\n"
    let answer = bytes(head + String(repeating: chunk, count: 1_000) + tail)
    for pieces in [answer.map { [$0] }, [answer]] {
      let response = read(pieces)
      #expect(response.isComplete)
      #expect(response.examined == head.utf8.count + 1_000 * between.utf8.count + tail.utf8.count)
    }
  }

  /// Whether a line is too long does not depend on how it arrived.
  @Test func `a long header line is refused in one piece as in many`() {
    let line = "X-Long: " + String(repeating: "x", count: 2 * HTTPResponse.headerLimit) + "\r\n"
    let answer = bytes("HTTP/1.1 200 OK\r\n" + line + "Content-Length: 0\r\n\r\n")
    #expect(read(answer.map { [$0] }).isBroken)
    #expect(read([answer]).isBroken)
  }

  @Test func `a chunk size without end is refused`() {
    let start = bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    #expect(read([start, [UInt8](repeating: 0x30, count: HTTPResponse.bodyLimit + 1)]).isBroken)
  }

  @Test func `interim answers and trailers without end are refused`() {
    let interim = bytes("HTTP/1.1 102 Processing\r\n\r\n")
    let count = HTTPResponse.totalLimit / interim.count
    #expect(!read([[UInt8]](repeating: interim, count: count)).isBroken)
    #expect(read([[UInt8]](repeating: interim, count: count + 1)).isBroken)
    let start = bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
    let trailer = bytes("X-Trailer: 1\r\n")
    let trailers = [[UInt8]](repeating: trailer, count: HTTPResponse.totalLimit / trailer.count)
    #expect(read([start] + trailers).isBroken)
  }
}
