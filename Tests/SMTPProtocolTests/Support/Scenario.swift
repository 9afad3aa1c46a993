import Foundation
import Testing

@testable import SMTPProtocol

/// A dialogue of Tests/transcripts, which is played here and, over a socket, by
/// Tests/scripted/test_transcripts.py. Tests/README.md describes the form.
struct Scenario: CustomTestStringConvertible {
  let file: String
  let title: String
  /// The values of its row, if it has a table.
  let row: String
  let settings: [String: String]
  let transcript: Transcript

  var testDescription: String { "\(file): \(title)" + (row.isEmpty ? "" : " (\(row))") }

  // MARK: Reading

  static let folder = URL(filePath: #filePath).appending(path: "../../../transcripts").standardized

  /// Those of all files, read when the tests run: a file is added without compiling anything.
  static func all() throws -> [Scenario] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path()).sorted()
      .filter { $0.hasSuffix(".txt") }
      .flatMap { name in
        try scenarios(name, String(contentsOf: folder.appending(path: name), encoding: .utf8))
      }
  }

  static func scenarios(_ file: String, _ text: String) throws -> [Scenario] {
    var pieces: [String: [ScenarioLine]] = [:]
    var bodies: [(title: ScenarioLine, lines: [ScenarioLine])] = []
    var piece: String?
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let line = ScenarioLine(number: index + 1, text: String(line))
      if line.text.hasPrefix("=== ") {
        piece = nil
        bodies.append((ScenarioLine(number: line.number, text: String(line.text.dropFirst(4))), []))
      } else if line.text.hasPrefix("--- ") {
        piece = String(line.text.dropFirst(4))
      } else if !line.text.isEmpty, !line.text.hasPrefix("#") {
        if let piece {
          pieces[piece, default: []].append(line)
        } else if bodies.isEmpty {
          throw ScenarioError(file, line.number, "a line before the first title")
        } else {
          bodies[bodies.count - 1].lines.append(line)
        }
      }
    }
    return try bodies.flatMap { try rows(file, $0.title, $0.lines, pieces) }
  }

  private static let settings: Set = [
    "offers", "chunking", "lmtp", "secure", "policy", "name", "verify", "feeding", "only",
    "initial_response", "hello_after_login", "message", "options",
  ]

  /// One scenario for each row of its table, or of all combinations of several tables.
  private static func rows(
    _ file: String, _ title: ScenarioLine, _ lines: [ScenarioLine],
    _ pieces: [String: [ScenarioLine]]
  ) throws -> [Scenario] {
    var given: [String: ScenarioLine] = [:]
    var tables: [(columns: [String], rows: [[String]])] = []
    var isInTable = false
    let start =
      lines.firstIndex { line in
        ["S:", "C:", ">", "!", "~", "=", "{"].contains { line.text.hasPrefix($0) }
      } ?? lines.endIndex
    for line in lines[..<start] {
      if line.text.hasPrefix(" ") {
        guard isInTable, let values = Expansion.values(line.text),
          values.count == tables[tables.count - 1].columns.count
        else { throw ScenarioError(file, line.number, "not a row of a table") }
        tables[tables.count - 1].rows.append(values)
        continue
      }
      let key = String(line.text.prefix { $0 != ":" })
      let value = line.text.dropFirst(key.count + 1).drop { $0 == " " }
      isInTable = key == "for"
      if isInTable {
        tables.append((value.split(separator: " ").map { String($0) }, []))
      } else if settings.contains(key), line.text.contains(":") {
        given[key] = ScenarioLine(number: line.number, text: String(value))
      } else {
        throw ScenarioError(file, line.number, "neither a setting nor a line of a dialogue")
      }
    }
    var rows: [[(String, String)]] = [[]]
    for table in tables {
      rows = rows.flatMap { row in table.rows.map { row + zip(table.columns, $0) } }
    }
    return try rows.map { row in
      let words = Dictionary(row) { _, last in last }
      let expansion = Expansion(file: file, pieces: pieces, words: words)
      let settings = try given.mapValues { try expansion.replaced($0) }
      let dialogue = try expansion.expanded(Array(lines[start...]))
      return Scenario(
        file: file, title: title.text,
        row: row.map { $0.1.replacing("\n", with: " / ") }.joined(separator: ", "),
        settings: settings,
        transcript: try Transcript(
          lines: opening(title.number, settings) + dialogue, in: file))
    }
  }

  /// Greeting and EHLO of a server that offers these keywords.
  private static func opening(
    _ number: Int, _ settings: [String: String]
  ) -> [ScenarioLine] {
    guard let offers = settings["offers"] else { return [] }
    let hello = settings["lmtp"] == "yes" ? "LHLO" : "EHLO"
    let keywords = offers.split(separator: ",").map { $0.drop { $0 == " " } }.filter { !$0.isEmpty }
    let lines = ["mx.example"] + keywords
    let replies = lines.enumerated().map { index, line in
      "S: 250\(index < lines.count - 1 ? "-" : " ")\(line)"
    }
    let name = settings["name"] ?? "client.example"
    return (["S: 220 mx.example", "C: \(hello) \(name)"] + replies + ["! opened"]).map {
      ScenarioLine(number: number, text: $0)
    }
  }

  // MARK: Playing

  var isForTheLibraryOnly: Bool { settings["options"] != nil || settings["only"] == "library" }

  /// In every way in which octets may arrive, as `play(_:)` does.
  func play() throws {
    for chunking in try chunkings() {
      for feeding in feedings {
        var seen: [[String]] = []
        for isTraced in [true, false] {
          var conversation = Conversation(
            try policy(), isSecure: settings["secure"] == "yes",
            name: settings["name"] ?? "client.example", isLMTP: settings["lmtp"] == "yes",
            verifiesPeer: settings["verify"] != "no", chunking: chunking, isTraced: isTraced,
            initialResponse: try initialResponse(),
            renewsHello: settings["hello_after_login"] == "yes")
          // What is wrong in one way is wrong in most.
          guard let steps = transcript.play(feeding, &conversation, location(ofLine:)) else {
            return
          }
          seen.append(steps)
        }
        for (long, short) in zip(seen[0], seen[1]) {
          #expect(long == short, "fed as \(feeding), \(testDescription)")
        }
      }
    }
  }

  private func location(ofLine line: Int) -> SourceLocation {
    SourceLocation(
      fileID: "transcripts/\(file)", filePath: Self.folder.appending(path: file).path(),
      line: line, column: 1)
  }

  private func wrong(_ setting: String) -> ScenarioError {
    ScenarioError(file, 0, "\(title): not a value of \(setting): \(settings[setting] ?? "")")
  }

  private var feedings: [Transcript.Feeding] {
    guard let names = settings["feeding"]?.split(separator: " ") else {
      return Transcript.Feeding.allCases
    }
    return Transcript.Feeding.allCases.filter { names.contains(Substring("\($0)")) }
  }

  /// Without the extension it makes no difference.
  private func chunkings() throws -> [Session.Chunking] {
    guard let names = settings["chunking"] else {
      return transcript.offersChunking ? [.off] : [.off, .on, .optimistic]
    }
    return try names.split(separator: " ").map { name in
      switch name {
      case "off": .off
      case "on": .on
      case "optimistic": .optimistic
      default: throw wrong("chunking")
      }
    }
  }

  private func policy() throws -> Session.TLSPolicy {
    switch settings["policy"] {
    case nil, "ifOffered": .ifOffered
    case "never": .never
    case "required": .required
    case "opportunistic": .opportunistic
    default: throw wrong("policy")
    }
  }

  private func initialResponse() throws -> Session.InitialResponse {
    switch settings["initial_response"] {
    case nil, "automatic": .automatic
    case "never": .never
    case "always": .always
    default: throw wrong("initial_response")
    }
  }
}
