import Testing

@testable import SMTPProtocol

@Suite struct `Secrets that grow` {
  private let cryptography = FixedCryptography()

  /// What every place held when it was left.
  private func left(_ body: (Secret) -> Void) -> [String] {
    var secret: Secret? = Secret(capacity: 1, cryptography)
    if let secret { body(secret) }
    secret = nil
    return cryptography.cleansed.map { text($0) }
  }

  @Test func `each place is erased when it has become too small`() throws {
    let places = left { secret in
      for letter in bytes(String(repeating: "sesame", count: 100)) { secret.append(letter) }
    }
    // It grew several times, and no place was left that was not erased.
    #expect(places.count > 3)
    #expect(places.last == String(repeating: "sesame", count: 100))
    for (place, next) in zip(places, places.dropFirst()) {
      #expect(next.hasPrefix(place) && next.utf8.count > place.utf8.count)
    }
  }

  @Test func `pieces that do not fit move all`() {
    let places = left { secret in
      secret.append(bytes("open")[...])
      secret.append(bytes(String(repeating: "s", count: 5_000))[...])
    }
    #expect(places.contains("open"))
    #expect(places.last?.utf8.count == 5_004)
  }
}

@Suite struct `Secrets that a server repeats` {
  private func isPart(_ secret: String, of reply: String) -> Bool {
    Secret(bytes(secret), FixedCryptography()).isPart(of: bytes(reply), atLeast: 4)
  }

  @Test func `a short one as a whole, if it is not very short`() {
    #expect(isPart("sesa", of: "no sesame"))
    #expect(isPart("sesame1", of: "sesame1"))
    #expect(!isPart("sesame1", of: "sesame sesame"))
    #expect(!isPart("ses", of: "sesame"))
    #expect(!isPart("sesame", of: ""))
  }

  @Test func `any eight octets of another`() {
    let secret = "0123456789abcdef"
    for start in 0...8 {
      let part = secret.dropFirst(start).prefix(8)
      #expect(isPart(secret, of: "is \(part)?"))
      #expect(!isPart(secret, of: "is \(part.dropLast())?"))
    }
  }

  @Test func `any fifteen octets of a long one`() {
    let secret = (0..<100).map { "\($0 % 7)\($0 % 11 % 10)\($0 % 10)" }.joined()
    for start in 0...(secret.count - 15) {
      #expect(isPart(secret, of: "is \(secret.dropFirst(start).prefix(15))?"))
    }
    #expect(!isPart(secret, of: String(secret.reversed())))
  }
}
