import CSystem
import SMTPProtocol
import Testing

@testable import SMTPTransport

/// What no dialogue gets to. The rest is in Tests/c/without_socket.c.
@Suite struct MemoryPipeTests {
  let pipe = MemoryPipe()

  private func send(_ octets: [UInt8]) -> Result<Int, Errno> {
    unsafe octets.withUnsafeBytes { octets -> Result<Int, Errno> in
      guard let start = octets.baseAddress else { return .success(0) }
      do throws(Errno) {
        return .success(try unsafe pipe.send(start, octets.count))
      } catch {
        return .failure(error)
      }
    }
  }

  private func receive(_ most: Int) -> Result<[UInt8], Errno> {
    var room = [UInt8](repeating: 0, count: most)
    let count = unsafe room.withUnsafeMutableBytes { room -> Result<Int, Errno> in
      guard let start = room.baseAddress else { return .success(0) }
      do throws(Errno) {
        return .success(try unsafe pipe.receive(start, room.count))
      } catch {
        return .failure(error)
      }
    }
    return count.map { Array(room.prefix($0)) }
  }

  private func take(_ most: Int, _ turn: () -> Void = {}) -> [UInt8] {
    var room = [UInt8](repeating: 0, count: most)
    var span = room.mutableSpan
    let count = pipe.take(into: &span, turn)
    return Array(room.prefix(count))
  }

  private func error(_ result: Result<some Any, Errno>) -> Int32? {
    if case .failure(let error) = result { error.code } else { nil }
  }

  @Test func nothingIsSentUntilItIsTaken() throws {
    #expect(error(send(bytes("early"))) == EAGAIN)
    #expect(pipe.hasOutput)
    let taken = take(3) { #expect((try? send(bytes("abcdef")).get()) == 3) }
    #expect(taken == bytes("abc"))
    // All that was wanted has been asked for.
    #expect(!pipe.hasOutput)
  }

  @Test func whatIsHeldLeavesFirst() throws {
    pipe.hold(true)
    #expect(try send(bytes("hello")).get() == 5)
    pipe.hold(false)
    #expect(error(send(bytes("later"))) == EAGAIN)
    #expect(take(2) == bytes("he"))
    #expect(pipe.hasOutput)
    #expect(take(9) { _ = send(bytes("later")) } == bytes("llolater"))
    #expect(!pipe.hasOutput)
  }

  /// Whatever makes a handshake so long.
  @Test func noMoreIsHeldThanThis() throws {
    pipe.hold(true)
    let much = [UInt8](repeating: 0, count: 200_000)
    #expect(try send(much).get() == much.count)
    #expect(error(send(much)) == EAGAIN)
    #expect(take(much.count).count == much.count)
    #expect(try send(much).get() == much.count)
  }

  @Test func whatIsNotReadIsGivenBack() throws {
    var calls = 0
    let read = pipe.feed(bytes("abcdef").span) {
      calls += 1
      if calls < 3 { _ = receive(2) }
    }
    #expect(read == 4)
    #expect(calls == 3)
    #expect(error(receive(1)) == EAGAIN)
  }

  @Test func theEndComesAfterTheLastOctets() throws {
    pipe.finish(ECONNRESET)
    _ = pipe.feed(bytes("abc").span) { #expect((try? receive(9).get()) == bytes("abc")) }
    #expect(error(receive(9)) == ECONNRESET)
    #expect(error(send(bytes("x"))) == ECONNRESET)
    #expect(!pipe.hasOutput)
  }

  /// A peer that has closed its side may still read a goodbye, but no more than that.
  @Test func afterTheEndOnlyWhatIsHeldLeaves() throws {
    pipe.finish(0)
    #expect(try receive(9).get().isEmpty)
    #expect(error(send(bytes("x"))) == EPIPE)
    pipe.hold(true)
    #expect(try send(bytes("bye")).get() == 3)
    #expect(take(9) == bytes("bye"))
    pipe.finish(EPIPE)
    #expect(error(send(bytes("x"))) == EPIPE)
  }
}
