import Testing

@testable import SMTPProtocol

@Suite struct FailureTests {
  @Test func `a changed copy leaves the original alone`() {
    let original = Failure(.auth, "no", command: "AUTH", phase: .auth)
    var copy = original
    copy.code = .tls
    copy.text = "yes"
    copy.command = "STARTTLS"
    copy.phase = .starttls
    copy.reply = Reply(535, "no")
    copy.recipient = bytes("a@b")
    copy.errno = 5
    copy.tlsReason = "expired"
    copy.addresses = "127.0.0.1:25"
    copy.retry = .unknown
    #expect(original.line == "auth, AUTH, auth phase, retry no")
    #expect(original.message == "no")
    #expect(original.recipient == nil && original.errno == 0)
    #expect(original.tlsReason == nil && original.addresses == nil)
    #expect(copy.line == "tls, STARTTLS, starttls phase, retry unknown, 535")
    #expect(copy.message == "yes" && copy.recipient == bytes("a@b") && copy.errno == 5)
    #expect(copy.tlsReason == "expired" && copy.addresses == "127.0.0.1:25")
  }

  @Test func `a refusal quotes the reply on one line, without control characters`() {
    let reply = Reply(550, "5.1.1 no", "such \u{1B}user")
    let failure = Failure.refused(.envelope, "refused", reply, command: "RCPT TO", phase: .envelope)
    #expect(failure.message == "refused: 550-5.1.1 no 550 such ?user")
    #expect(failure.reply == reply)
  }

  /// RFC 5321 section 4.2.1.
  @Test(arguments: [
    (421, Retry.safe), (450, .safe), (499, .safe), (500, .no), (550, .no), (250, .no),
  ])
  func `4yz may be tried again, unless it is known better`(_ code: Int, _ retry: Retry) {
    let refused = { (wanted: Retry?) in
      Failure.refused(
        .message, "no", Reply(code, "x"), command: "DATA", phase: .message, retry: wanted)
    }
    #expect(refused(nil).retry == retry)
    #expect(refused(.unknown).retry == .unknown)
  }

  /// The numbers are part of the ABI.
  @Test func `codes are the numbers of the header, without gaps`() {
    #expect(ErrorCode.allCases.map { $0.rawValue } == Array((-18 ... -1).reversed()))
    #expect([Retry.no, .safe, .unknown].map { $0.rawValue } == [0, 1, 2])
    let statuses: [RecipientOutcome.Status] = [
      .accepted, .deferred, .rejected, .notTried, .unknown,
    ]
    #expect(statuses.map { $0.rawValue } == [0, 1, 2, 3, 4])
  }
}
