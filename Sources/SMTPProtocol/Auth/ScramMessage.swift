/// What a server sends in an exchange of SCRAM (RFC 5802 section 7).
enum ScramMessage {
  /// RFC 5802 section 5.1 and RFC 7677 section 4 ask for at least so many iterations. Fewer make
  /// it cheaper to search for the password with what was recorded, and an attacker may ask for
  /// few.
  static let fewestIterations = 4_096
  /// The server chooses the number before it has proven anything, and the client computes: one
  /// HMAC of 0.4 to 0.7 microseconds for each. Servers use from 4,096 to some 100,000; this leaves
  /// room for a hundred times as many, and costs some seconds of computing.
  static let mostIterations = 10_000_000
  /// A first message has about 100 octets.
  static let longest = 2_048

  /// The server-first-message.
  struct Challenge {
    var nonce: [UInt8]
    var salt: [UInt8]
    var iterations: Int
  }

  enum Reading {
    case challenge(Challenge)
    case refused(ErrorText)
  }

  /// `nonce`: that of the client.
  static func challenge(
    _ text: [UInt8], nonce: [UInt8], _ cryptography: any Cryptography
  ) -> Reading {
    if text.count > longest { return .refused("the challenge is longer than \(longest) octets") }
    let attributes = text.split(separator: .comma, omittingEmptySubsequences: false)
    // RFC 5802 section 5.1: an extension that a client must understand. There is none yet.
    if attributes.first?.starts(with: Bytes.of("m=")) == true {
      return .refused("the server demands an extension of SCRAM")
    }
    guard attributes.count >= 3, let full = value(of: "r", attributes[0]),
      let digits = value(of: "s", attributes[1]), let number = value(of: "i", attributes[2]),
      let salt = cryptography.base64Decode(digits)
    else { return .refused("the challenge is not one of SCRAM") }
    // The server adds its own part, without which it would repeat an earlier exchange.
    guard full.starts(with: nonce), full.count > nonce.count, full.allSatisfy(isPrintable) else {
      return .refused("the server changed the nonce, or added nothing to it")
    }
    guard let iterations = iterations(number) else {
      return .refused("the number of iterations is no number")
    }
    guard iterations >= fewestIterations else {
      return .refused(
        "the server asks for \(iterations) iterations, less than the \(fewestIterations) of RFC"
          + " 7677: whoever records the login could search for the password")
    }
    guard iterations <= mostIterations else {
      return .refused("the server asks for more than \(mostIterations) iterations")
    }
    return .challenge(Challenge(nonce: full, salt: salt, iterations: iterations))
  }

  enum Verdict {
    /// The server-signature.
    case signature([UInt8])
    /// server-error-value.
    case error([UInt8])
  }

  /// The server-final-message; nil when it is none.
  static func verdict(_ text: [UInt8], _ cryptography: any Cryptography) -> Verdict? {
    if text.count > longest { return nil }
    let first = text.prefix { $0 != .comma }
    if let error = value(of: "e", first) { return .error(error) }
    return value(of: "v", first).flatMap { cryptography.base64Decode($0) }.map { .signature($0) }
  }

  /// nil when it is another attribute.
  private static func value(of name: Unicode.Scalar, _ attribute: ArraySlice<UInt8>) -> [UInt8]? {
    let attribute = Array(attribute)
    guard attribute.count > 2, attribute[0] == UInt8(ascii: name), attribute[1] == .equals else {
      return nil
    }
    return Array(attribute[2...])
  }

  /// Without leading zeros; more than `mostIterations` for everything that is.
  private static func iterations(_ digits: [UInt8]) -> Int? {
    guard digits.first != .digitZero, digits.allSatisfy(Bytes.isDigit) else { return nil }
    var value = 0
    for digit in digits where value <= mostIterations {
      value = 10 * value + Int(digit - .digitZero)
    }
    return value
  }

  private static func isPrintable(_ byte: UInt8) -> Bool { (0x21...0x7E).contains(byte) }

  /// A user name as an attribute: "," and "=" have a meaning there (RFC 5802 section 5.1).
  static func escaped(_ name: [UInt8]) -> [UInt8] {
    name.flatMap { byte -> [UInt8] in
      switch byte {
      case .comma: Bytes.of("=2C")
      case .equals: Bytes.of("=3D")
      default: [byte]
      }
    }
  }

  /// What an error of the server means, and whether it is about channel binding.
  static func explanation(of error: [UInt8]) -> (text: ErrorText, isAboutBinding: Bool) {
    let shown = Bytes.printable(error)
    if error == Bytes.of("server-does-support-channel-binding") {
      return (
        "\(shown): an attacker may have removed the -PLUS mechanisms from the server's offer", true
      )
    }
    if error == Bytes.of("channel-bindings-dont-match") {
      return (
        "\(shown): the TLS connection may end at somebody else than the server; or the server"
          + " computes the binding in another way, see channel_binding", true
      )
    }
    if error == Bytes.of("unsupported-channel-binding-type")
      || error == Bytes.of("channel-binding-not-supported")
    {
      return ("\(shown): choose another with channel_binding", true)
    }
    return (shown, false)
  }
}
