import SMTPProtocol

/// What a login has tried, for its error.
struct LoginHistory {
  /// The mechanisms of the server.
  var offered: [[UInt8]] = []
  /// Left out because the server has refused what they prove with.
  var untried: [[UInt8]] = []
  private var tried: [(name: [UInt8], failure: Failure)] = []

  mutating func add(_ name: [UInt8], _ failure: Failure) { tried.append((name, failure)) }

  /// `failure` of the mechanism `name`, with what else was tried and what was offered. When the
  /// connection was lost, an earlier refusal stays the error.
  func reason(for failure: Failure, of name: [UInt8]) -> Failure {
    // What the caller ended itself has no other reason, and nothing else was tried.
    guard failure.code != .cancelled, !name.isEmpty else { return failure }
    var failure = failure
    var name = name
    var earlier = tried
    if failure.code != .auth, failure.code != .oauth2 {
      guard let refusal = earlier.popLast() else { return failure }
      failure = refusal.failure.followed(by: failure)
      name = refusal.name
    }
    failure.text += "; tried: \(sequence(earlier.filter { $0.name != name }, name))"
    failure.text += "; offered: \(MechanismChoice.joined(offered))"
    if !untried.isEmpty {
      failure.text +=
        "; not tried, because too many refusals may lock the account:"
        + " \(MechanismChoice.joined(untried))"
    }
    return failure
  }

  /// "PLAIN (why it failed), then LOGIN"
  private func sequence(_ earlier: [(name: [UInt8], failure: Failure)], _ name: [UInt8])
    -> ErrorText
  {
    var text: ErrorText = ""
    for entry in earlier {
      let reason = Bytes.printable(entry.failure.text.bytes, limit: 300)
      text += "\(Bytes.printable(entry.name)) (\(reason)), then "
    }
    return text + Bytes.printable(name)
  }
}
