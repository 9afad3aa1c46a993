import Testing

@testable import SMTPProtocol

/// A dialogue as text, one thing per line:
///
///     S: 250 ok            the server sends this line; of one that ends in "…" the rest is to
///                          come
///     C: RSET              the client sends exactly this; of a line that ends in "…"
///                          only a part
///     > reset              the caller does this
///     > part 25            octets of the server arrive, without the end of the line
///     ! reset ok           the driver gets this event (`EventText.swift`)
///     ~ the text           the text of its error; "…" stands for any beginning or end
///     = ready, not secure  this is true of the session then
///
/// What follows a stimulus (`S:` lines in a row, or one `>` line) up to the next
/// one is all that it leads to: no other output or event may follow. Lines that
/// begin with `#` and empty lines mean nothing.
struct Transcript {
  fileprivate struct Step {
    var line: Int
    var server: [String] = []
    var operation: String?
    var client: [ScenarioLine] = []
    var events: [ScenarioLine] = []
    /// Texts of errors, by the event that has them.
    var texts: [(event: Int, text: ScenarioLine)] = []
    var states: [ScenarioLine] = []

    var isServerAlone: Bool {
      !server.isEmpty && client.isEmpty && events.isEmpty && states.isEmpty
    }
  }

  private var steps: [Step] = []

  init(_ text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map {
      ScenarioLine(number: $0 + 1, text: String($1))
    }
    do {
      try self.init(lines: lines, in: "a transcript")
    } catch {
      preconditionFailure("\(error)")
    }
  }

  init(lines: [ScenarioLine], in file: String) throws {
    for line in lines where !line.text.isEmpty && !line.text.hasPrefix("#") {
      let kind = line.text.prefix { $0 != " " }
      let rest = String(line.text.dropFirst(kind.count + 1))
      if kind == ">" {
        steps.append(Step(line: line.number, operation: rest))
        continue
      }
      if kind == "S:" {
        if steps.last?.isServerAlone != true { steps.append(Step(line: line.number)) }
        steps[steps.count - 1].server.append(rest)
        continue
      }
      guard !steps.isEmpty else {
        throw ScenarioError(file, line.number, "nothing leads to this: \(line.text)")
      }
      switch kind {
      case "C:":
        steps[steps.count - 1].client.append(ScenarioLine(number: line.number, text: rest))
      case "!":
        steps[steps.count - 1].events.append(ScenarioLine(number: line.number, text: rest))
      case "~" where !steps[steps.count - 1].events.isEmpty:
        steps[steps.count - 1].texts.append(
          (
            event: steps[steps.count - 1].events.count - 1,
            text: ScenarioLine(number: line.number, text: rest)
          ))
      case "=":
        steps[steps.count - 1].states += rest.split(separator: ", ").map {
          ScenarioLine(number: line.number, text: String($0))
        }
      default: throw ScenarioError(file, line.number, "not a line of a dialogue: \(line.text)")
      }
    }
  }

  var offersChunking: Bool {
    steps.contains { $0.server.contains { $0.contains("CHUNKING") } }
  }

  /// In which pieces the octets of the server arrive.
  enum Feeding: CaseIterable {
    case whole, lines, octets, octetsWithBareLF

    func pieces(of lines: [String]) -> [[UInt8]] {
      let end = self == .octetsWithBareLF ? "\n" : "\r\n"
      let ended = lines.map { bytes($0.hasSuffix("…") ? String($0.dropLast()) : $0 + end) }
      return switch self {
      case .whole: [Array(ended.joined())]
      case .lines: ended
      case .octets, .octetsWithBareLF: ended.joined().map { [$0] }
      }
    }
  }

  /// Returns what is visible after each step beyond the transcript; nil when something else
  /// came than is written.
  @discardableResult
  func play(
    _ feeding: Feeding, _ conversation: inout Conversation, _ location: SourceLocation
  ) -> [String]? {
    play(feeding, &conversation) { _ in location }
  }

  /// The same; the transcript is in a file of its own, and this is the place of each line.
  @discardableResult
  func play(
    _ feeding: Feeding, _ conversation: inout Conversation, _ located: (Int) -> SourceLocation
  ) -> [String]? {
    var seen: [String] = []
    for step in steps {
      if let operation = step.operation {
        Self.perform(operation, &conversation)
      } else {
        for piece in feeding.pieces(of: step.server) { conversation.receive(piece) }
      }
      let events = conversation.takeEvents()
      if let (line, difference) = step.difference(
        text(conversation.takeOutput()), events, conversation.session, conversation.command)
      {
        let way = conversation.isTraced ? "" : ", by the short way"
        Issue.record(
          "line \(line), fed as \(feeding)\(way): \(difference)", sourceLocation: located(line))
        return nil
      }
      let details = events.compactMap { $0.details }
      seen.append("line \(step.line): \(details) \(conversation.state)")
    }
    return seen
  }

  /// Plays without a look at what it leads to.
  func run(_ conversation: inout Conversation) {
    for step in steps {
      if let operation = step.operation {
        Self.perform(operation, &conversation)
      } else {
        conversation.receive(Feeding.whole.pieces(of: step.server).joined())
      }
    }
  }

  static func perform(_ operation: String, _ conversation: inout Conversation) {
    let words = operation.split(separator: " ").map { String($0) }
    let argument = String(operation.dropFirst(words[0].count + 1))
    if let request = CommandRequest.named(words[0], argument) {
      conversation.command = words[0]
      conversation.perform { session, _ in session.perform(request) }
      return
    }
    switch words[0] {
    case "secured": conversation.perform { session, _ in session.secured() }
    case "login":
      let cryptography = FixedCryptography()
      let credentials = Credentials(
        user: bytes(words[2]), password: bytes(words[3]), cryptography)
      let mechanism: any Mechanism =
        switch words[1] {
        case "LOGIN": Login(credentials)
        case "CRAM-MD5": CramMD5(credentials, cryptography)
        case "XOAUTH2":
          XOAuth2(user: credentials.user, token: credentials.password, cryptography)
        case "OAUTHBEARER":
          OAuthBearer(
            identity: credentials.user.bytes, token: credentials.password,
            server: OAuthBearer.Server(host: bytes("mail.example"), port: 587), cryptography)
        case "EXTERNAL": External(authorization: credentials.user)
        case "ANONYMOUS": Anonymous(trace: credentials.user)
        case "LATER": SlowMechanism()
        default: Plain(credentials, cryptography)
        }
      conversation.perform { session, _ in session.login(mechanism) }
    case "answer":
      let answer = words[1] == "*" ? MechanismAnswer.cancel("no") : .response(bytes(words[1]))
      conversation.perform { session, _ in session.answer(answer) }
    case "send":
      let request = SendRequest(words: words.dropFirst())
      let content = words.first { $0.hasPrefix("atonce=") }.map { bytes("\($0.dropFirst(7))\r\n") }
      conversation.perform { session, now in
        if session.send(request, chunk: content?.count, now: now), let content {
          session.output.appendContent { $0 += content }
        }
      }
    case "chunk", "last":
      let chunk = words.count > 1 ? bytes(words[1] + "\r\n") : []
      conversation.perform { session, _ in
        session.append(
          words[0] == "last" ? .lastChunk(chunk.count, size: 100) : .chunk(chunk.count)
        ) {
          $0 += chunk
        }
      }
    case "grow":
      conversation.perform { session, _ in _ = session.mayGrow(to: UInt64(words[1])!) }
    case "content", "partial":
      let content = operation.dropFirst(8).replacing("\\n", with: "\n")
      conversation.write(bytes(String(content)), ends: words[0] == "content")
    case "quit": conversation.perform { session, _ in session.quit() }
    case "abort":
      conversation.give(up: Failure(.timedOut, "too slow", phase: .idle, retry: .safe))
    case "part": conversation.receive(bytes(String(operation.dropFirst(5))))
    case "close": conversation.serverCloses()
    case "hold": conversation.hold()
    case "leave":
      conversation.leave(lines: Int(words[1])!, octets: words.count > 2 ? Int(words[2])! : 0)
    case "wait": conversation.now += Int64(words[1])!
    default: preconditionFailure("not an operation: \(operation)")
    }
  }
}

extension Transcript.Step {
  /// What came and is not written here, or the reverse, and at which line of the transcript.
  fileprivate func difference(
    _ said: String, _ came: [Session.Event], _ session: Session, _ command: String
  ) -> (Int, Comment)? {
    let wanted = client.map {
      $0.text.hasSuffix("…") ? String($0.text.dropLast()) : $0.text + "\r\n"
    }.joined()
    if said != wanted {
      let lines = said.split(separator: "\r\n").map { String($0) }
      return (place(lines, client), "the client sent \(said.debugDescription)")
    }
    let lines = came.flatMap { $0.lines(command) }
    if lines != events.map({ $0.text }) {
      return (place(lines, events), "the events are \(lines)")
    }
    let failures = came.flatMap { $0.failures }
    for (event, wanted) in texts {
      let found = failures[event]?.message ?? "none"
      if !Self.fits(found, wanted.text) {
        return (wanted.number, "the text is \(found.debugDescription)")
      }
    }
    for state in states where session.isIn(state.text) != true {
      return (state.number, "it is not \(state.text)")
    }
    return nil
  }

  private func place(_ came: [String], _ expected: [ScenarioLine]) -> Int {
    let same = zip(came, expected).prefix { $0 == $1.text }.count
    return same < expected.count ? expected[same].number : expected.last?.number ?? line
  }

  private static func fits(_ text: String, _ wanted: String) -> Bool {
    switch (wanted.hasPrefix("…"), wanted.hasSuffix("…")) {
    case (false, false): text == wanted
    case (true, false): text.hasSuffix(wanted.dropFirst())
    case (false, true): text.hasPrefix(wanted.dropLast())
    case (true, true): text.contains(wanted.dropFirst().dropLast())
    }
  }
}

extension Session {
  /// Whether it is in this state, `ready` or `not ready`; nil where there is no such state.
  fileprivate func isIn(_ state: String) -> Bool? {
    let isDenied = state.hasPrefix("not ")
    let isTrue: Bool? =
      switch isDenied ? String(state.dropFirst(4)) : state {
      case "ready": isReady
      case "over": isOver
      case "secure": isSecure
      case "authenticated": isAuthenticated
      default: nil
      }
    return isTrue.map { $0 != isDenied }
  }
}

extension SendRequest {
  /// `sender recipient… size=N 8bit …`; `<>` is the null sender. `key=value` sets
  /// what the request as a whole has, `survey=…` what was seen of the message.
  fileprivate init(words: ArraySlice<String>) {
    let keys = [
      "size", "ret", "envid", "notify", "orcpt", "survey", "priority", "by", "holdfor", "holduntil",
      "auth", "solicit", "rrvs", "param", "rcptparam",
    ]
    var options: [String: String] = [:]
    var further: [(key: String, text: String)] = []
    var addresses: [String] = []
    for word in words {
      let key = String(word.prefix { $0 != "=" })
      if keys.contains(key) {
        let value = String(word.dropFirst(key.count + 1))
        options[key] = value
        if key.hasSuffix("param") { further.append((key, value)) }
      } else if word.contains("@") || word == "<>" || word == "postmaster" {
        addresses.append(word)
      }
    }
    self.init(
      from: addresses[0] == "<>"
        ? nil : try! Mailbox(bytes(addresses[0]), domains: FixedDomains.shared),
      recipients: addresses.dropFirst().map {
        try! Mailbox(bytes($0), allowingPostmaster: true, domains: FixedDomains.shared)
      },
      size: options["size"].flatMap { UInt64($0) },
      use8BitMIME: words.contains("8bit") ? true : words.contains("7bit") ? false : nil)
    useSMTPUTF8 = words.contains("smtputf8")
    isBinary = words.contains("binary")
    isAllOrNone = words.contains("allornone")
    requiresTLS = words.contains("requiretls")
    ret = options["ret"].map { try! .init(bytes($0)) }
    envelopeIdentifier = options["envid"].map { try! .init(bytes($0)) }
    notify = options["notify"].map { try! .init(bytes($0)) }
    originalRecipient = options["orcpt"].map { try! .init(bytes($0)) }
    parameters[.priority] = options["priority"].map { .priority(Int64($0)!) }
    parameters[.holdFor] = options["holdfor"].map { .holdFor(Int64($0)!) }
    parameters[.holdUntil] = options["holduntil"].map { try! .holdUntil(bytes($0)) }
    parameters[.deliverBy] = options["by"].map { try! .deliverBy(bytes($0)) }
    parameters[.authSender] = options["auth"].map { try! .authSender(bytes($0)) }
    parameters[.solicit] = options["solicit"].map { try! .solicit(bytes($0)) }
    for (key, text) in further {
      let name = bytes(String(text.prefix { $0 != "=" }))
      let value = Array(bytes(text).dropFirst(name.count + 1))
      let parameter = try! ESMTPParameter.further(name, value)
      if key == "param" { parameters[named: name] = parameter }
      for index in recipients.indices where key == "rcptparam" {
        changeRecipient(index) { $0.parameters[named: name] = parameter }
      }
    }
    for index in recipients.indices {
      guard let since = options["rrvs"] else { break }
      changeRecipient(index) { $0.parameters[.validSince] = try! .validSince(bytes(since)) }
    }
    survey = options["survey"].map {
      var survey = ContentSurvey()
      survey.add(bytes($0.replacing("\\n", with: "\n")).span)
      survey.finish()
      return survey
    }
  }
}

extension CommandRequest {
  /// What a transcript calls so; nil for everything else.
  fileprivate static func named(_ verb: String, _ argument: String) -> CommandRequest? {
    let words = argument.split(separator: " ").map { bytes(String($0)) }
    let text = bytes(argument)
    return switch verb {
    case "reset": .reset()
    case "noop": .noop()
    case "hello": .hello()
    case "verify": try! .verify(text)
    case "expand": try! .expand(text)
    case "etrn": try! .etrn(text)
    case "xclient": try! .xclient(words)
    case "xforward": try! .xforward(words)
    case "command", "hidden":
      try! .line(
        Secret(text, FixedCryptography()), hides: verb == "hidden", FixedCryptography())
    default: nil
    }
  }
}

/// Lets the server wait for every answer; a transcript gives them with `> answer`.
private final class SlowMechanism: Mechanism {
  let name = bytes("LATER")
  let initialResponse: [UInt8]? = nil
  let isComplete = true
  func answer(_ challenge: [UInt8]) -> MechanismAnswer { .later }
}

/// Plays a transcript in every way in which octets may arrive, and returns
/// the conversations for a closer look.
///
/// Each is played twice: without a log most replies take the fast path, which must make
/// no difference.
@discardableResult
func play(
  _ transcript: String, policy: Session.TLSPolicy = .ifOffered, isSecure: Bool = false,
  name: String = "client.example", isLMTP: Bool = false, verifiesPeer: Bool = true,
  chunking: Session.Chunking = .off, feeding: [Transcript.Feeding] = Transcript.Feeding.allCases,
  location: SourceLocation = #_sourceLocation
) -> [Conversation] {
  let steps = Transcript(transcript)
  return feeding.flatMap { feeding in
    var seen: [[String]] = []
    let conversations = [true, false].map { isTraced in
      var conversation = Conversation(
        policy, isSecure: isSecure, name: name, isLMTP: isLMTP, verifiesPeer: verifiesPeer,
        chunking: chunking, isTraced: isTraced)
      seen.append(steps.play(feeding, &conversation, location) ?? [])
      return conversation
    }
    for (long, short) in zip(seen[0], seen[1]) {
      #expect(long == short, "fed as \(feeding)", sourceLocation: location)
    }
    return conversations
  }
}

/// The beginning of a transcript: a server that offers `keywords`.
func opening(_ keywords: String...) -> String {
  let lines = ["mx.example"] + keywords
  let replies = lines.enumerated().map { index, line in
    "S: 250\(index < lines.count - 1 ? "-" : " ")\(line)\n"
  }
  return "S: 220 mx.example ESMTP\nC: EHLO client.example\n\(replies.joined())! opened\n"
}
