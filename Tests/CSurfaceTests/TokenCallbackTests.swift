import CSMTPConn
import SMTPConnABI
import Testing

/// Notes that it was asked, and gives a token that does not expire.
private let provideToken: smtpconn_token_callback = { request, _, user in
  Record.at(user)?.note("asked")
  smtpconn_token_request_provide(request, "token", 0)
}

private let noteRelease: smtpconn_release_callback = { user in
  Record.at(user)?.note("released")
}

@Suite("Tokens of the caller")
struct TokenCallbackTests {
  private static let xoauth2: [TestServer.Step] = [
    .reply("220 ready\r\n"), .line, .reply("250-host\r\n250 AUTH XOAUTH2\r\n"), .line,
  ]

  /// Credentials whose tokens come from a callback that `record` sees.
  private func makeAuth(_ record: Record) -> OpaquePointer? {
    let auth = smtpconn_auth_new()
    smtpconn_auth_set_user(auth, "alice")
    smtpconn_auth_set_token_callback(auth, provideToken, noteRelease, record.pointer)
    return auth
  }

  @Test("case 134: a login that is cut off keeps nothing of the token callback")
  func loginCutOff() {
    let server = TestServer(Self.xoauth2 + [.hangUp])
    let client = Client(port: server.port)
    let record = Record()
    let auth = makeAuth(record)
    _ = client.connect()
    #expect(smtpconn_login(client.handle, auth, done, client.record.pointer) == 0)
    smtpconn_auth_free(auth)
    #expect(record.events == [])
    _ = client.run()
    #expect(client.record.events == ["done OK", "done ECONNECTION", "event"])
    #expect(record.events == ["asked", "released"])
    #expect(server.finish().last == "AUTH XOAUTH2 dXNlcj1hbGljZQFhdXRoPUJlYXJlciB0b2tlbgEB\r\n")
  }

  @Test("case 135: one callback serves two connections, and keeps its token itself")
  func twoConnections() {
    let record = Record()
    let auth = makeAuth(record)
    for _ in 0..<2 {
      let server = TestServer(
        Self.xoauth2 + [.reply("235 welcome\r\n")] + TestServer.goodbye)
      let client = Client(port: server.port)
      _ = client.connect()
      #expect(smtpconn_login(client.handle, auth, done, client.record.pointer) == 0)
      _ = client.quit()
      _ = client.run()
      #expect(client.record.events == ["done OK", "done OK", "done OK", "event"])
      #expect(server.finish().last == "QUIT\r\n")
    }
    #expect(record.events == ["asked", "asked"])
    smtpconn_auth_free(auth)
    #expect(record.events == ["asked", "asked", "released"])
  }
}
