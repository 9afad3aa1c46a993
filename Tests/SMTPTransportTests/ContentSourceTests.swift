import CSystem
import Testing

@testable import SMTPTransport

@Suite struct ContentSourceTests {
  /// All that the source gives; nil when it pauses or fails.
  private func drain(_ source: any ContentSource, limit: Int) -> [UInt8]? {
    var all: [UInt8] = []
    while true {
      var chunk: [UInt8] = []
      let outcome = source.next(limit: limit) { span in
        for index in span.indices { chunk.append(span[index]) }
      }
      all += chunk
      switch outcome {
      case .bytes(let count): if count != chunk.count || count > limit { return nil }
      case .end: return all
      case .pause, .failed: return nil
      }
    }
  }

  @Test(arguments: [1, 3, 1000])
  func memory(_ limit: Int) {
    let source = BytesSource(bytes("hello, world"))
    let all = drain(source, limit: limit)
    #expect(all == bytes("hello, world"))
  }

  @Test func file() throws {
    var path = Array("/tmp/smtpconn-XXXXXX".utf8CString)
    let file = unsafe mkstemp(&path)
    try #require(file >= 0)
    defer { System.close(file) }
    _ = unsafe unlink(path)
    let content = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
    let written = unsafe CSystem.write(file, content, content.count)
    try #require(written == content.count)
    // From its present position.
    _ = lseek(file, 100, SEEK_SET)
    let source = try #require(DescriptorSource(duplicating: file))
    let all = drain(source, limit: 1 << 20)
    #expect(all == Array(content.dropFirst(100)))
  }

  @Test func directoryFails() throws {
    let directory = unsafe csystem_open_for_reading("/tmp")
    defer { System.close(directory) }
    let source = try #require(DescriptorSource(duplicating: directory))
    let outcome = source.next(limit: 10) { _ in }
    guard case .failed = outcome else {
      Issue.record("read")
      return
    }
    #expect(source.errno == EISDIR)
  }

  @Test func closedDescriptorIsRefused() {
    let source = DescriptorSource(duplicating: -1)
    let code = csystem_errno()
    #expect(source == nil)
    #expect(code == EBADF)
  }

  @Test func pipePausesAndGoesOn() throws {
    let loop = try #require(EventLoop())
    let pipe = try #require(Pipe())
    let source = try #require(DescriptorSource(duplicating: pipe.reader))
    var ready = 0
    source.start(loop: loop) { ready += 1 }
    guard case .pause = source.next(limit: 10, { _ in }) else {
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
    _ = source.next(limit: 10) { span in chunk = span.indices.map { span[$0] } }
    #expect(text(chunk) == "abc")
    guard case .pause = source.next(limit: 10, { _ in }) else {
      Issue.record("did not pause")
      return
    }
    pipe.finish()
    _ = loop.dispatch()
    #expect(ready == 2)
    guard case .end = source.next(limit: 10, { _ in }) else {
      Issue.record("did not end")
      return
    }
    source.stop()
    // O_NONBLOCK is the caller's business.
    let flags = csystem_status_flags(pipe.reader)
    #expect(flags & O_NONBLOCK == 0)
  }

  @Test func pauseBeforeStartIsTakenUp() throws {
    let loop = try #require(EventLoop())
    let pipe = try #require(Pipe())
    let source = try #require(DescriptorSource(duplicating: pipe.reader))
    _ = source.next(limit: 10) { _ in }
    var ready = 0
    source.start(loop: loop) { ready += 1 }
    pipe.write("abc")
    _ = loop.dispatch()
    #expect(ready == 1)
    source.stop()
  }
}
