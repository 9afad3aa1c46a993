import SMTPProtocol
import SMTPTransport
import Testing

@testable import SMTPConnection

/// A large message is looked at in pieces, so that others get their turn meanwhile.
@Suite struct SurveyTests {
  /// A session with a server that offers these keywords.
  private func session(_ keywords: String) throws -> Session {
    let configuration = Session.Configuration(
      name: Array("client.example".utf8), tlsPolicy: .never, isSecure: false)
    let session = Session(configuration, cryptography: OpenSSLCryptography())
    var isOpen = false
    for reply in ["220 hi\r\n", "250-test\r\n250 \(keywords)\r\n"] {
      _ = session.receive(Array(reply.utf8).span, now: 0)
      while let event = session.nextEvent() {
        if case .opened = event { isOpen = true }
      }
      _ = session.took(session.output.count, now: 0)
    }
    try #require(isOpen)
    return session
  }

  private func mailing(_ content: [UInt8], use8BitMIME: Bool? = nil) throws -> Mailing {
    let mailbox = try Mailbox(Array("a@example.com".utf8))
    let request = SendRequest(
      from: mailbox, recipients: [mailbox], size: nil, use8BitMIME: use8BitMIME)
    let source = BytesSource.copy(content.span)
    return Mailing(request, try #require(source)) { _ in }
  }

  private let piece = 1 << 20

  @Test func `one piece for each turn`() throws {
    var content = [UInt8](repeating: 0x78, count: 3 * piece + 5)
    content[content.count - 1] = 0xFF
    content[2 * piece - 1] = 0x0D
    content[2 * piece] = 0x0A
    let session = try session("HELP")
    let mailing = try mailing(content)
    #expect(mailing.size == nil)
    for _ in 0..<3 { #expect(!mailing.isSurveyed(for: session)) }
    #expect(mailing.isSurveyed(for: session))
    #expect(mailing.isSurveyed(for: session))
    let survey = try #require(mailing.nextRequest(session).survey)
    #expect(survey.isWhole)
    #expect(survey.hasEightBit)
    // The last line gets an end.
    #expect(mailing.size == UInt64(content.count + 2))
  }

  @Test func `what the server makes unnecessary is not looked at`() throws {
    let session = try session("8BITMIME")
    let mailing = try mailing([UInt8](repeating: 0x78, count: 3 * piece))
    #expect(mailing.isSurveyed(for: session))
  }

  @Test func `a small message needs no more looks`() throws {
    let session = try session("HELP")
    let mailing = try mailing([UInt8](repeating: 0x78, count: 1000))
    #expect(mailing.isSurveyed(for: session))
    #expect(mailing.size == 1002)
  }
}
