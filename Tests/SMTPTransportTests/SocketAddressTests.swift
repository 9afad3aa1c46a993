import SMTPProtocol
import Testing

@testable import SMTPTransport

@Suite struct SocketAddressTests {
  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1:25", "[192.0.2.1]", false),
    ("127.8.9.10", "127.8.9.10:25", "[127.8.9.10]", true),
    ("2001:db8:0::1", "[2001:db8::1]:25", "[IPv6:2001:db8::1]", false),
    ("[2001:db8::1]", "[2001:db8::1]:25", "[IPv6:2001:db8::1]", false),
    ("::1", "[::1]:25", "[IPv6:::1]", true),
    ("::ffff:127.0.0.1", "[::ffff:127.0.0.1]:25", "[127.0.0.1]", true),
    ("::ffff:192.0.2.1", "[::ffff:192.0.2.1]:25", "[192.0.2.1]", false),
    ("fe80::1%lo", "[fe80::1%lo]:25", "[IPv6:fe80::1]", false),
  ])
  func numeric(_ input: String, _ shown: String, _ literal: String, _ isLoopback: Bool) throws {
    let address = try #require(SocketAddress(numeric: bytes(input), port: 25))
    #expect(address.description == shown)
    #expect(text(address.literal) == literal)
    #expect(address.isLoopback == isLoopback)
    #expect(address.port == 25)
  }

  @Test(arguments: [
    "", "[]", "localhost", "127.1", "1", "192.0.2.256", "::g", "1.2.3.4 ", "a%b", "%",
  ])
  func notNumeric(_ input: String) {
    let address = SocketAddress(numeric: bytes(input), port: 25)
    #expect(address == nil)
  }

  @Test func nulIsNotTheEnd() {
    let address = SocketAddress(numeric: bytes("127.0.0.1\0x"), port: 25)
    #expect(address == nil)
  }

  @Test(arguments: [
    ("fe80::1", true), ("febf:ffff::1", true), ("[fe80::1]", true), ("fe80::1%lo", false),
    ("fec0::1", false), ("fe7f::1", false), ("2001:db8::1", false), ("::1", false),
    ("169.254.1.1", false),
  ])
  func zones(_ text: String, _ lacksZone: Bool) throws {
    let address = try #require(SocketAddress(numeric: bytes(text), port: 0))
    #expect(address.lacksZone == lacksZone)
  }

  @Test func machineHasAName() {
    #expect(!HostName.machineName().isEmpty)
    #expect(!HostName.machineName().contains(0))
  }

  @Test func familiesTakeTurns() {
    let addresses = ["::1", "::2", "::3", "127.0.0.1", "127.0.0.2"].compactMap {
      SocketAddress(numeric: bytes($0), port: 1)
    }
    let order = Connector.interleaved(addresses).map { $0.description }
    #expect(order == ["[::1]:1", "127.0.0.1:1", "[::2]:1", "127.0.0.2:1", "[::3]:1"])
  }
}
