/// A file of scenarios that cannot be read: where, and why.
struct ScenarioError: Error, CustomStringConvertible {
  let description: String

  init(_ file: String, _ line: Int, _ reason: String) {
    description = "\(file):\(line): \(reason)"
  }
}

/// A line of a file of scenarios, and its number.
struct ScenarioLine {
  let number: Int
  let text: String
}

/// The lines of a dialogue with pieces and values put in. Lines of a piece keep their numbers.
struct Expansion {
  let file: String
  let pieces: [String: [ScenarioLine]]
  let words: [String: String]

  func expanded(_ lines: [ScenarioLine]) throws -> [ScenarioLine] {
    try lines.flatMap { line in
      if line.text.hasPrefix("{"), line.text.hasSuffix("}"),
        let piece = pieces[String(line.text.dropFirst().dropLast())]
      {
        return try expanded(piece)
      }
      return try replaced(line).split(separator: "\n", omittingEmptySubsequences: false).map {
        ScenarioLine(number: line.number, text: String($0))
      }
    }
  }

  /// The text with the values in place of the words in braces.
  func replaced(_ line: ScenarioLine) throws -> String {
    var result = ""
    var rest = line.text[...]
    while let open = rest.firstIndex(of: "{") {
      result += rest[..<open]
      rest = rest[open...]
      let name = rest.dropFirst().prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
      if name.first?.isLetter == true, rest.dropFirst(name.count + 1).first == "}" {
        guard let value = words[String(name)] else {
          throw ScenarioError(file, line.number, "nothing is called {\(name)}")
        }
        result += value
        rest = rest.dropFirst(name.count + 2)
      } else {
        result.append(rest.removeFirst())
      }
    }
    return result + rest
  }

  /// The values in a row of a table: words, or text in double quotes, in which `\n` and `\r`
  /// are those octets. nil: a quote that does not end.
  static func values(_ row: String) -> [String]? {
    var values: [String] = []
    var rest = row[...].drop { $0 == " " }
    while let first = rest.first {
      var value = ""
      if first != "\"" {
        value = String(rest.prefix { $0 != " " })
        rest = rest.dropFirst(value.count)
      } else {
        rest.removeFirst()
        while let next = rest.first, next != "\"" {
          rest.removeFirst()
          if next == "\\", let escaped = rest.first, "nr\"\\".contains(escaped) {
            value.append(escaped == "n" ? "\n" : escaped == "r" ? "\r" : escaped)
            rest.removeFirst()
          } else {
            value.append(next)
          }
        }
        if rest.isEmpty { return nil }
        rest.removeFirst()
      }
      values.append(value)
      rest = rest.drop { $0 == " " }
    }
    return values
  }
}
