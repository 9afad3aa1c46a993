import SMTPProtocol
import Testing

@testable import SMTPTransport

@Suite struct TLSTests {
  let loop: EventLoop

  init() throws { loop = try #require(EventLoop()) }

  private func context(
    ca: String? = "ca.pem", reject: Bool = true
  ) throws -> TLSContext {
    let file = ca.map { bytes(Certificates.shared.path($0)) }
    return try TLSContext.make(
      TLSConfiguration(
        authorities: file.map { .file($0) }, caDirectory: nil, rejectUnauthorized: reject)
    ).get()
  }

  /// A handshake with `openssl s_server`, to its end.
  private func shakeHands(
    _ server: TLSServer, as name: String, _ context: TLSContext
  ) throws -> Talker {
    let socket = try #require(connect(loop, to: server.address))
    let talker = Talker(loop, socket)
    talker.startTLS(context, name)
    let inTime = pump(loop) { talker.info != nil || talker.isDone }
    #expect(inTime)
    return talker
  }

  private func failure(
    _ certificate: String, as name: String, _ context: TLSContext, _ options: [String] = []
  ) throws -> Failure {
    let server = try #require(TLSServer(certificate, options))
    let talker = try shakeHands(server, as: name, context)
    defer { talker.close() }
    let failure = try #require(talker.failure)
    #expect(failure.code == .tls)
    #expect(failure.phase == .tls)
    #expect(failure.command == "CONN")
    #expect(failure.tlsReason != nil)
    #expect(failure.addresses == server.address.description)
    #expect(talker.channel?.isSecure == false)
    return failure
  }

  // MARK: Trusted

  @Test(arguments: [["-tls1_2"], ["-tls1_3"]])
  func trusted(_ options: [String]) throws {
    let server = try #require(TLSServer("good", options))
    let talker = try shakeHands(server, as: "localhost", context())
    #expect(talker.failure == nil)
    let info = try #require(talker.info)
    #expect(info.version == (options == ["-tls1_2"] ? "TLSv1.2" : "TLSv1.3"))
    #expect(!info.cipher.isEmpty)
    #expect(info.peerName == "localhost")
    #expect(talker.channel?.isSecure == true)

    talker.send(bytes("hello\n"))
    let inTime = pump(loop) { talker.received.count >= 6 || talker.isDone }
    #expect(inTime)
    #expect(text(talker.received) == "olleh\n")
    talker.close()
    #expect(loop.timeout() == -1)
  }

  @Test func muchData() throws {
    let server = try #require(TLSServer("good"))
    let talker = try shakeHands(server, as: "localhost", context())
    let line = [UInt8](repeating: 0x61, count: 999) + [0x0A]
    let content = (0..<3000).flatMap { _ in line }
    talker.send(content)
    let inTime = pump(loop) { talker.received.count >= content.count || talker.isDone }
    #expect(inTime)
    #expect(talker.received == content)
    talker.close()
  }

  @Test func finalDotAndCaseDoNotMatter() throws {
    let server = try #require(TLSServer("good"))
    let talker = try shakeHands(server, as: "MAIL.example.com.", context())
    #expect(talker.info?.peerName == "mail.example.com")
    talker.close()
  }

  @Test(arguments: ["127.0.0.1", "[127.0.0.1]"])
  func addressInTheCertificate(_ name: String) throws {
    let server = try #require(TLSServer("good"))
    let talker = try shakeHands(server, as: name, context())
    #expect(talker.failure == nil)
    #expect(talker.info != nil)
    #expect(talker.info?.peerName == nil)
    talker.close()
  }

  @Test func untrustedButTolerated() throws {
    let server = try #require(TLSServer("self"))
    let talker = try shakeHands(server, as: "wrong.example", context(ca: nil, reject: false))
    #expect(talker.failure == nil)
    #expect(talker.info?.peerName == nil)
    #expect(talker.channel?.isSecure == true)
    talker.close()
  }

  // MARK: Not trusted

  @Test func wrongName() throws {
    let failure = try failure("good", as: "wrong.example", context())
    #expect(
      failure.message == "the certificate is for mail.example.com, localhost, 127.0.0.1, "
        + "not for \"wrong.example\"")
    #expect(failure.retry == .no)
  }

  @Test func wrongAddress() throws {
    let failure = try failure("good", as: "127.0.0.2", context())
    #expect(failure.message.contains("not for \"127.0.0.2\""))
  }

  @Test func manyNames() throws {
    let failure = try failure("many", as: "localhost", context())
    #expect(failure.message.contains("h1.example, h2.example"))
    #expect(failure.message.contains("h5.example and 2 more"))
  }

  @Test(arguments: ["a.b.example.com", "example.com"])
  func wildcardStandsForOneLabel(_ name: String) throws {
    let failure = try failure("wild", as: name, context())
    #expect(failure.message.contains("*.example.com"))
  }

  /// RFC 9525 section 2: the common name counts no longer.
  @Test func commonNameIsNoName() throws {
    let failure = try failure("nameless", as: "localhost", context())
    #expect(failure.message.contains("names no host"))
  }

  @Test func selfSigned() throws {
    let failure = try failure("self", as: "localhost", context())
    #expect(failure.message.contains("self-signed"))
    #expect(failure.message.contains("tls_ca_file"))
    #expect(failure.tlsReason == "self-signed certificate")
  }

  @Test func unknownIssuer() throws {
    let failure = try failure("good", as: "localhost", context(ca: nil))
    #expect(failure.message.contains("tls_ca_file"))
    #expect(failure.retry == .no)
  }

  @Test func expired() throws {
    let failure = try failure("expired", as: "localhost", context())
    #expect(failure.message.contains("not valid any more"))
    #expect(failure.tlsReason == "certificate has expired")
  }

  @Test func oldVersion() throws {
    let failure = try failure(
      "good", as: "localhost", context(), ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"])
    #expect(failure.message.contains("1.2"))
  }

  // MARK: Not TLS

  @Test(arguments: ["220 mail.example.com ESMTP\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n"])
  func serverInTheClear(_ greeting: String) throws {
    let listener = Listener()
    let socket = try #require(connect(loop, to: listener.address))
    let server = Talker(loop, try #require(listener.accept()))
    server.send(bytes(greeting))
    let talker = Talker(loop, socket)
    talker.startTLS(try context(), "localhost")
    let inTime = pump(loop) { talker.isDone }
    #expect(inTime)
    let failure = try #require(talker.failure)
    #expect(failure.code == .tls)
    #expect(
      failure.message == "the server does not speak TLS on this port: use STARTTLS (secure = 0)")
    talker.close()
    server.close()
  }

  @Test func serverThatCloses() throws {
    let listener = Listener()
    let socket = try #require(connect(loop, to: listener.address))
    let server = Talker(loop, try #require(listener.accept()))
    let talker = Talker(loop, socket)
    talker.startTLS(try context(), "localhost")
    // With the hello read, so that closing is no reset.
    let arrived = pump(loop) { !server.received.isEmpty }
    #expect(arrived)
    server.close()
    let inTime = pump(loop) { talker.isDone }
    #expect(inTime)
    let failure = try #require(talker.failure)
    #expect(failure.code == .tls)
    #expect(failure.retry == .safe)
    #expect(
      failure.message.contains("closed the connection during the TLS handshake"))
    talker.close()
  }

  // MARK: Configuration

  @Test func missingFile() throws {
    let path = "/nowhere/ca.pem"
    let configurations = [
      TLSConfiguration(authorities: .file(bytes(path))), TLSConfiguration(caDirectory: bytes(path)),
    ]
    for configuration in configurations {
      guard case .failure(let failure) = TLSContext.make(configuration) else {
        Issue.record("accepted")
        return
      }
      #expect(failure.code == .tls)
      #expect(failure.phase == .tls)
      #expect(failure.message.contains(path))
      #expect(failure.message.contains("No such file"))
    }
  }

  @Test func fileWithoutCertificates() throws {
    let configuration = TLSConfiguration(
      authorities: .file(bytes(Certificates.shared.path("good.ext"))))
    guard case .failure(let failure) = TLSContext.make(configuration) else {
      Issue.record("accepted")
      return
    }
    #expect(failure.message.contains("good.ext"))
    #expect(failure.tlsReason != nil)
  }

  @Test func directoryThatIsTrusted() throws {
    let folder = bytes(Certificates.shared.folder)
    let context = try TLSContext.make(TLSConfiguration(caDirectory: folder)).get()
    // Nothing in it has the name that `openssl rehash` would give.
    let failure = try failure("good", as: "localhost", context)
    #expect(failure.message.contains("tls_ca_file"))
  }
}
