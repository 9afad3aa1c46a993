import CSystem
import SMTPProtocol
import Testing

@testable import SMTPTransport

/// A descriptor has one owner: closed twice, it may be somebody else's by then.
@Suite struct GivenSocketTests {
  @Test func whoTakesItOwnsIt() throws {
    let descriptor = csystem_stream_socket(AF_INET)
    defer { System.close(descriptor) }
    var given: GivenSocket? = try .duplicate(descriptor, option: "socket")
    let taken = try #require(given?.take())
    #expect(taken >= 0 && taken != descriptor)
    #expect(given?.take() == -1)
    given = nil
    #expect(SocketAddress.ofSocket(taken) != nil)
    System.close(taken)
  }
}
