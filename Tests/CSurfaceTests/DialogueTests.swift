import CSMTPConn
import CSystem
import Foundation
import SMTPConnABI
import Testing

@Suite("Dialogues through the header")
struct DialogueTests {
  @Test("everything started at once runs in order, each callback once")
  func wholeSession() {
    let server = TestServer(
      TestServer.opening + TestServer.message(recipients: 2) + [.line, .reply("250 reset\r\n")]
        + TestServer.goodbye)
    let client = Client(port: server.port)
    #expect(client.connect() == 0)
    #expect(client.send(to: ["a@example.org", "b@example.org"]) == 0)
    #expect(client.reset() == 0)
    #expect(client.quit() == 0)
    #expect(client.record.events.isEmpty, "no callback inside the call that starts")
    #expect(client.run() == 0)
    #expect(client.record.events == ["done OK", "sent OK 0 0", "done OK", "done OK", "event"])
    let received = server.finish()
    #expect(received.first?.hasPrefix("EHLO ") == true)
    #expect(
      received.dropFirst() == [
        "MAIL FROM:<sender@example.org> SIZE=20\r\n",
        "RCPT TO:<a@example.org>\r\n", "RCPT TO:<b@example.org>\r\n", "DATA\r\n",
        "Subject: x\r\n\r\nbody\r\n.\r\n", "RSET\r\n", "QUIT\r\n",
      ])
  }

  @Test("commands with one reply take their turn, and show it in the callback")
  func commands() {
    let server = TestServer(
      TestServer.opening + [
        .line, .reply("250-one <a@x.example>\r\n250 two <b@x.example>\r\n"), .line,
        .reply("450 4.3.0 later\r\n"),
      ] + TestServer.goodbye)
    let client = Client(port: server.port)
    #expect(client.noop() == code(SMTPCONN_ESTATE))
    #expect(client.connect() == 0)
    #expect(client.expand("staff") == 0)
    #expect(client.noop() == 0)
    #expect(client.expand("") == code(SMTPCONN_ECOMMAND))
    #expect(client.quit() == 0)
    #expect(client.noop() == code(SMTPCONN_ESTATE))
    #expect(client.run() == 0)
    #expect(
      client.record.events == [
        "done OK", #"replied OK 250 ["one <a@x.example>", "two <b@x.example>"]"#,
        #"replied ECOMMAND 450 ["4.3.0 later"]"#, "done OK", "event",
      ])
    #expect(server.finish().dropFirst() == ["EXPN staff\r\n", "NOOP\r\n", "QUIT\r\n"])
  }

  @Test("a loop watched through its descriptor gets there as well")
  func pollLoop() {
    let server = TestServer(TestServer.opening + TestServer.message() + TestServer.goodbye)
    let loop = smtpconn_loop_new()
    let client = Client(port: server.port, loop: loop)
    let descriptor = smtpconn_loop_fd(loop)
    _ = client.connect()
    _ = client.send(to: ["a@example.org"])
    _ = client.quit()
    var pending: CInt = 1
    while pending == 1 {
      var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      #expect(poll(&watched, 1, 20_000) == 1, "the descriptor stays silent")
      pending = smtpconn_loop_dispatch(loop)
    }
    #expect(pending == 0)
    #expect(client.record.events == ["done OK", "sent OK 0", "done OK", "event"])
    client.free()
    smtpconn_loop_free(loop)
  }

  @Test("freeing inside a callback ends the rest with ECANCELLED inside the call")
  func freeInCallback() {
    let server = TestServer(TestServer.opening)
    let client = Client(port: server.port)
    _ = client.connect()
    _ = client.send(to: ["a@example.org"])
    _ = client.quit()
    client.record.onDone = { client.free() }
    _ = client.run()
    #expect(client.record.events == ["done OK", "sent ECANCELLED 3", "done ECANCELLED"])
    _ = server.finish()
  }

  @Test("close tells everybody in the next run, and end comes last")
  func close() {
    let server = TestServer(TestServer.opening)
    let client = Client(port: server.port)
    _ = client.connect()
    _ = client.run()
    _ = client.send(to: ["a@example.org"])
    smtpconn_close(client.handle)
    #expect(client.record.events == ["done OK"])
    #expect(client.reset() == code(SMTPCONN_ESTATE))
    _ = client.run()
    #expect(client.record.events == ["done OK", "sent ECANCELLED 3", "event"])
    _ = server.finish()
  }

  @Test("cancel before anything began leaves the connection open")
  func cancelWaiting() {
    let server = TestServer(TestServer.opening + TestServer.goodbye)
    let client = Client(port: server.port)
    _ = client.connect()
    _ = client.run()
    _ = client.send(to: ["a@example.org"])
    _ = client.quit()
    #expect(smtpconn_cancel(client.handle) == 0)
    _ = client.run()
    #expect(smtpconn_is_open(client.handle) == 1)
    _ = client.quit()
    _ = client.run()
    #expect(
      client.record.events
        == ["done OK", "sent ECANCELLED 3", "done ECANCELLED", "done OK", "event"])
    _ = server.finish()
  }

  @Test("what cannot be started says why")
  func refusals() {
    let server = TestServer(TestServer.opening)
    let client = Client(port: server.port)
    #expect(client.reset() == code(SMTPCONN_ESTATE))
    #expect(client.lastError == "not connected: call connect first")
    _ = client.connect()
    #expect(client.connect() == code(SMTPCONN_ESTATE))
    #expect(client.send(to: []) == code(SMTPCONN_EENVELOPE))
    #expect(client.lastError?.contains("no recipient") == true)
    #expect(client.send(to: ["a@example.org"], message: nil) == code(SMTPCONN_EMESSAGE))
    let auth = smtpconn_auth_new()
    _ = smtpconn_auth_set_user(auth, "alice")
    #expect(smtpconn_login(client.handle, auth, done, nil) == code(SMTPCONN_EAUTH))
    #expect(client.lastError == "the password is missing")
    smtpconn_auth_free(auth)
    _ = client.run()
    #expect(client.record.events == ["done OK"])
    client.free()
    _ = server.finish()
  }

  @Test("run inside a callback is refused and harmless")
  func runInCallback() {
    let server = TestServer(TestServer.opening)
    let client = Client(port: server.port)
    var result: CInt = 0
    client.record.onDone = { result = client.run() }
    _ = client.connect()
    #expect(client.run() == 0)
    #expect(result == code(SMTPCONN_ESTATE))
    client.free()
    _ = server.finish()
  }

  @Test("a reader is asked until its end and released once; it can be sent once")
  func reader() {
    final class Source {
      var chunks = ["Subject: x\n", "\n", ".dot"]
      var releases = 0
    }
    let source = Source()
    let user = Unmanaged.passUnretained(source).toOpaque()
    let server = TestServer(TestServer.opening + TestServer.message() + TestServer.goodbye)
    let client = Client(port: server.port)
    let message = smtpconn_message_new_reader(
      { buffer, capacity, user in
        guard let user = user, let buffer = buffer else { return -1 }
        let source = Unmanaged<Source>.fromOpaque(user).takeUnretainedValue()
        guard !source.chunks.isEmpty else { return 0 }
        let octets = Array(source.chunks.removeFirst().utf8)
        buffer.update(from: octets, count: octets.count)
        return octets.count
      },
      { user in
        guard let user = user else { return }
        Unmanaged<Source>.fromOpaque(user).takeUnretainedValue().releases += 1
      }, user)
    _ = client.connect()
    #expect(client.send(to: ["a@example.org"], message: message) == 0)
    #expect(client.send(to: ["a@example.org"], message: message) == code(SMTPCONN_ESTATE))
    smtpconn_message_free(message)
    #expect(source.releases == 0)
    _ = client.quit()
    _ = client.run()
    #expect(source.releases == 1)
    #expect(server.finish().contains("Subject: x\r\n\r\n..dot\r\n.\r\n"))
  }
}
