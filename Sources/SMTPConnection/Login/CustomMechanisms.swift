package import SMTPProtocol

/// A custom mechanism, for exactly one exchange.
package protocol CustomMechanism: Mechanism {
  /// Called when a response comes later than the challenge; nil when it is not needed any
  /// more.
  var onAnswer: ((MechanismAnswer) -> Void)? { get set }
  /// Calls the caller's code when nothing is being changed: what asks it goes through
  /// here, and the answer comes back through `onAnswer`.
  var onQuestion: ((@escaping () -> Void) -> Void)? { get set }
  /// Asks for the initial response; then calls `completion`, with the reason when the
  /// login is not even to begin. Not called when it is not needed any more.
  func begin(_ completion: @escaping (ErrorText?) -> Void)
}

/// Custom mechanisms, by name; they are preferred to built-in ones of the same name.
package struct CustomMechanisms {
  private var entries: [(name: [UInt8], make: () -> any CustomMechanism)] = []

  package init() {}

  package var names: [[UInt8]] { entries.map { $0.name } }

  /// nil removes the mechanism.
  package mutating func set(
    _ name: [UInt8], _ make: (() -> any CustomMechanism)?
  ) throws(Failure) {
    guard MechanismChoice.isName(name) else {
      throw Options.refusal(
        "custom_mechanism",
        "a name of 1 to 20 letters, digits, hyphens and underscores, no hyphen first",
        name)
    }
    let name = Bytes.uppercased(name)
    entries.removeAll { $0.name == name }
    if let make { entries.append((name, make)) }
  }

  func make(_ name: [UInt8]) -> (any CustomMechanism)? {
    entries.first { $0.name == name }?.make()
  }
}
