import CSystem
import SMTPProtocol
import Testing

@testable import SMTPTransport

@Suite struct ResolverTests {
  let loop: EventLoop
  let resolver: Resolver

  init() throws {
    loop = try #require(EventLoop())
    resolver = Resolver(loop: loop)
  }

  private func resolve(
    _ host: String, deadline: Int64 = Clock.now() + 20_000
  ) -> Result<[SocketAddress], Failure>? {
    var result: Result<[SocketAddress], Failure>?
    var isInside = true
    var wasInside = false
    resolver.resolve(host: bytes(host), port: 25, deadline: deadline) {
      wasInside = isInside
      result = $0
    }
    isInside = false
    _ = pump(loop) { result != nil }
    return wasInside ? nil : result
  }

  @Test func figuresNeedNoResolver() throws {
    let addresses = try #require(resolve("[::1]")).get()
    #expect(addresses.map { $0.description } == ["[::1]:25"])
  }

  @Test func localhost() throws {
    let addresses = try #require(resolve("localhost")).get()
    let descriptions = addresses.map { $0.description }
    #expect(!addresses.isEmpty)
    #expect(addresses.allSatisfy { $0.isLoopback })
    #expect(Set(descriptions).count == descriptions.count)
  }

  @Test(arguments: ["", "no such host", "a\u{0}b", "host.invalid"])
  func badNames(_ host: String) throws {
    let result = try #require(resolve(host))
    guard case .failure(let failure) = result else {
      Issue.record("resolved")
      return
    }
    #expect(failure.code == .dns)
    #expect(failure.command == "CONN")
    #expect(failure.message.contains(host.isEmpty ? "not a host name" : host.prefix(1)))
  }

  @Test func deadlineNamesTheOption() throws {
    // The loop serves descriptors before timers; so the answer must not be there
    // yet. It may be, since it comes from another thread: then it counts.
    let result = try #require(resolve("localhost", deadline: 0))
    if case .failure(let failure) = result {
      #expect(failure.code == .timedOut)
      #expect(failure.phase == .dns)
      #expect(failure.message.contains("dns_timeout"))
    }
  }

  @Test func cancelledResolverIsSilent() {
    var called = false
    for host in ["localhost", "127.0.0.1"] {
      resolver.resolve(host: bytes(host), port: 25, deadline: Clock.now() + 20_000) { _ in
        called = true
      }
      resolver.cancel()
    }
    _ = loop.dispatch()
    _ = loop.dispatch()
    #expect(!called)
    #expect(loop.timeout() == -1)
  }
}
