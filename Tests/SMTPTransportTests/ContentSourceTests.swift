import CSystem
import SMTPProtocol
import Testing

@testable import SMTPTransport

@Suite struct ContentSourceTests {
  /// All that the source gives, taken `step` octets at a time; nil when it pauses or fails.
  private func drain(_ source: any ContentSource, step: Int) -> [UInt8]? {
    var all: [UInt8] = []
    while true {
      var piece: [UInt8] = []
      let outcome = source.read(from: all.count) { span in
        for index in span.indices.prefix(step) { piece.append(span[index]) }
      }
      all += piece
      switch outcome {
      case .content: if piece.isEmpty { return nil }
      case .end: return all
      case .pause, .failed: return nil
      }
    }
  }

  @Test(arguments: [1, 3, 1000])
  func memory(_ step: Int) throws {
    let content = bytes("hello, world")
    let copy = BytesSource.copy(content.span)
    let source = try #require(copy)
    #expect(drain(source, step: step) == bytes("hello, world"))
    #expect(source.survey?.octets == 12)
  }

  @Test(arguments: [1000, 1 << 20])
  func file(_ step: Int) throws {
    var path = Array("/tmp/smtpconn-XXXXXX".utf8CString)
    let file = unsafe mkstemp(&path)
    try #require(file >= 0)
    defer { System.close(file) }
    _ = unsafe unlink(path)
    let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
    let written = unsafe CSystem.write(file, content, content.count)
    try #require(written == content.count)
    // From its present position.
    _ = lseek(file, 100, SEEK_SET)
    let source = StreamSource(try #require(DescriptorReader(duplicating: file)))
    #expect(source.survey == nil)
    let all = drain(source, step: step)
    #expect(all == Array(content.dropFirst(100)))
  }

  /// A send would wait for it without an end.
  @Test func whatCanNeverBeRead() throws {
    let pipe = try #require(Pipe())
    let listener = Listener()
    let epoll = epoll_create1(0)
    let event = eventfd(0, 0)
    let alarm = timerfd_create(CLOCK_MONOTONIC, 0)
    let folder = openForReading("/tmp")
    defer { for descriptor in [epoll, event, alarm, folder] { System.close(descriptor) } }
    for (descriptor, code) in [
      (pipe.writer, EBADF), (listener.descriptor, EINVAL), (epoll, EINVAL), (event, EINVAL),
      (alarm, EINVAL), (folder, EISDIR), (-1, EBADF),
    ] {
      csystem_set_errno(0)
      let reader = DescriptorReader(duplicating: descriptor)
      let reason = csystem_errno()
      #expect(reader == nil)
      #expect(reason == code, "descriptor \(descriptor)")
    }
    #expect(DescriptorReader(duplicating: pipe.reader) != nil)
  }

  /// What was not used is there again.
  @Test func blockStaysUntilItIsUsed() throws {
    let pipe = try #require(Pipe())
    let source = StreamSource(try #require(DescriptorReader(duplicating: pipe.reader)))
    pipe.write("abcd")
    for (offset, wanted) in [(0, "abcd"), (0, "abcd"), (1, "bcd"), (3, "d")] {
      var piece: [UInt8] = []
      _ = source.read(from: offset) { span in piece = span.indices.map { span[$0] } }
      #expect(text(piece) == wanted)
    }
    pipe.write("ef")
    var piece: [UInt8] = []
    _ = source.read(from: 4) { span in piece = span.indices.map { span[$0] } }
    #expect(text(piece) == "ef")
    // It is gone.
    guard case .end = source.read(from: 3, { _ in }) else {
      Issue.record("went back")
      return
    }
    pipe.finish()
  }

  @Test func unconnectedSocketFails() throws {
    let socket = csystem_stream_socket(AF_INET)
    defer { System.close(socket) }
    let source = StreamSource(try #require(DescriptorReader(duplicating: socket)))
    let outcome = source.read(from: 0) { _ in }
    guard case .failed = outcome else {
      Issue.record("read")
      return
    }
    #expect(source.errno == ENOTCONN)
  }

  @Test func closedDescriptorIsRefused() {
    let source = DescriptorReader(duplicating: -1)
    let code = csystem_errno()
    #expect(source == nil)
    #expect(code == EBADF)
  }

  @Test func pipePausesAndGoesOn() throws {
    let loop = try #require(EventLoop())
    let pipe = try #require(Pipe())
    let source = StreamSource(try #require(DescriptorReader(duplicating: pipe.reader)))
    var ready = 0
    var offset = 0
    source.start(loop: loop) { ready += 1 }
    guard case .pause = source.read(from: offset, { _ in }) else {
      Issue.record("did not pause")
      return
    }
    _ = loop.dispatch()
    #expect(ready == 0)
    pipe.write("abc")
    _ = loop.dispatch()
    #expect(ready == 1)
    // Reported once: the loop may turn for other reasons.
    _ = loop.dispatch()
    #expect(ready == 1)
    var chunk: [UInt8] = []
    _ = source.read(from: 0) { span in chunk = span.indices.map { span[$0] } }
    offset = chunk.count
    #expect(text(chunk) == "abc")
    guard case .pause = source.read(from: offset, { _ in }) else {
      Issue.record("did not pause")
      return
    }
    pipe.finish()
    _ = loop.dispatch()
    #expect(ready == 2)
    guard case .end = source.read(from: offset, { _ in }) else {
      Issue.record("did not end")
      return
    }
    source.stop()
    // O_NONBLOCK is the caller's business.
    #expect(statusFlags(of: pipe.reader) & O_NONBLOCK == 0)
  }

  @Test func pauseBeforeStartIsTakenUp() throws {
    let loop = try #require(EventLoop())
    let pipe = try #require(Pipe())
    let source = StreamSource(try #require(DescriptorReader(duplicating: pipe.reader)))
    _ = source.read(from: 0) { _ in }
    var ready = 0
    source.start(loop: loop) { ready += 1 }
    pipe.write("abc")
    _ = loop.dispatch()
    #expect(ready == 1)
    source.stop()
  }
}
