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
