/// The mechanisms of the SCRAM family.
package struct ScramVariant {
  package let name: [UInt8]
  let function: HashFunction
  /// -PLUS: with channel binding.
  let isBound: Bool

  /// All, best first. Channel binding counts more than the hash function: it reveals somebody in
  /// the middle, and in HMAC and PBKDF2 SHA-1 is not broken either.
  package static var all: [ScramVariant] {
    [true, false].flatMap { isBound in
      [
        ScramVariant("SCRAM-SHA-512", .sha512, isBound),
        ScramVariant("SCRAM-SHA-256", .sha256, isBound),
        ScramVariant("SCRAM-SHA-1", .sha1, isBound),
      ]
    }
  }

  package init?(_ name: [UInt8]) {
    guard let variant = Self.all.first(where: { $0.name == name }) else { return nil }
    self = variant
  }

  private init(_ name: StaticString, _ function: HashFunction, _ isBound: Bool) {
    self.name = Bytes.of(name) + (isBound ? Bytes.of("-PLUS") : [])
    self.function = function
    self.isBound = isBound
  }
}
