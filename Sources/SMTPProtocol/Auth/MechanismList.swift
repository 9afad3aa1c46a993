/// The option auth_method: the mechanisms to use, in this order, and those not to use.
package struct MechanismList {
  /// Empty: all that the credentials allow, in the order of the library.
  package var wanted: [[UInt8]] = []
  package var forbidden: [[UInt8]] = []

  package static var automatic: MechanismList { MechanismList() }

  private init() {}

  /// Names in any case, with blanks or commas between them; a hyphen before a name forbids it.
  package init(_ text: [UInt8]) throws(Failure) {
    let words = text.split { $0 == .space || $0 == .comma }.map { Bytes.uppercased(Array($0)) }
    for word in words {
      let isForbidden = word.first == .hyphen
      let name = isForbidden ? Array(word.dropFirst()) : word
      guard MechanismChoice.isName(name) else { throw Self.refusal(text) }
      if isForbidden {
        forbidden.append(name)
      } else {
        wanted.append(name)
      }
    }
    if words.isEmpty { throw Self.refusal(text) }
    if let name = wanted.first(where: { forbidden.contains($0) }) {
      throw Failure(
        .options, "auth_method names \(Bytes.printable(name)) and forbids it; give only one")
    }
  }

  private static func refusal(_ text: [UInt8]) -> Failure {
    Failure(
      .options,
      "auth_method must be names of SASL mechanisms, each with a hyphen before it if it must not be"
        + " used, not \"\(Bytes.printable(text, limit: 80))\"")
  }

  /// A name that is neither of this library nor among `custom`: forbidding it by a wrong name
  /// would have no effect.
  package func unknown(custom: [[UInt8]]) -> [UInt8]? {
    (wanted + forbidden).first { !custom.contains($0) && BuiltInMechanism.named($0) == nil }
  }
}
