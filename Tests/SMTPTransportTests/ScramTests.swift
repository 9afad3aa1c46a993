import SMTPProtocol
import Testing

@testable import SMTPTransport

/// SCRAM with the real functions: the examples of the RFCs, and others by Python's hashlib, which
/// knows nothing of this library.
@Suite struct ScramTests {
  /// OpenSSL, with a nonce that is known.
  private final class KnownNonce: Cryptography {
    private let openSSL = OpenSSLCryptography()
    private let nonce: [UInt8]

    init(_ nonce: String) { self.nonce = openSSL.base64Decode(bytes(nonce)) ?? [] }

    func randomBytes(_ count: Int) -> [UInt8]? { nonce }
    func base64Encode(_ bytes: [UInt8]) -> [UInt8] { openSSL.base64Encode(bytes) }
    func base64Decode(_ text: [UInt8]) -> [UInt8]? { openSSL.base64Decode(text) }
    func digest(_ function: HashFunction, _ message: [UInt8]) -> [UInt8]? {
      openSSL.digest(function, message)
    }
    func hmac(_ function: HashFunction, key: [UInt8], _ message: [UInt8]) -> [UInt8]? {
      openSSL.hmac(function, key: key, message)
    }
    func stretching(
      _ function: HashFunction, password: [UInt8], salt: [UInt8]
    ) -> (any KeyStretching)? {
      openSSL.stretching(function, password: password, salt: salt)
    }
    func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool { openSSL.isEqual(left, right) }
    func signRS256(_ message: [UInt8], key: [UInt8]) -> [UInt8]? { nil }
    func cleanse(_ bytes: inout [UInt8]) { openSSL.cleanse(&bytes) }
  }

  struct Example: Sendable {
    var name: String
    var user = "user"
    var password = "pencil"
    var authorization = ""
    var binding: [UInt8]?
    var nonce = "rOprNGfwEbeRWgbNEkqO"
    var first: String
    var challenge =
      "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    var header = "biws"
    var proof: String
    var signature: String
  }

  private static let bound = "p=tls-exporter,a=ad=2Cmin,n=user,r=rOprNGfwEbeRWgbNEkqO"
  private static let boundHeader =
    "cD10bHMtZXhwb3J0ZXIsYT1hZD0yQ21pbiwAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw=="
  private static let data = (0..<32).map { UInt8($0) }

  static let examples = [
    // RFC 5802 section 5.
    Example(
      name: "SCRAM-SHA-1", nonce: "fyko+d2lbbFgONRv9qkxdawL",
      first: "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
      challenge:
        "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
      proof: "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", signature: "rmF9pqV8S7suAoZWja4dJRkFsKQ="),
    // RFC 7677 section 3.
    Example(
      name: "SCRAM-SHA-256", first: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
      proof: "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
      signature: "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="),
    // All others: hashlib.pbkdf2_hmac and hmac of Python 3.
    Example(
      name: "SCRAM-SHA-512", first: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
      proof:
        "gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==",
      signature:
        "ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw=="),
    Example(
      name: "SCRAM-SHA-1-PLUS", authorization: "ad,min", binding: data, first: bound,
      header: boundHeader, proof: "D02d+i08cLrkiLuRzGbl+SoXsUc=",
      signature: "hKQ8toXKGPJ5yUuc+dTdXOuU34Q="),
    Example(
      name: "SCRAM-SHA-256-PLUS", authorization: "ad,min", binding: data, first: bound,
      header: boundHeader, proof: "Qiw/uFY8c9TmZnqBT3YwhYT3iCoc/+E1YnDFZrbOjj4=",
      signature: "RHhobstQAOtnFwq5dz5PRP6j0nB7H4bBrKv1MAxvRgs="),
    Example(
      name: "SCRAM-SHA-512-PLUS", authorization: "ad,min", binding: data, first: bound,
      header: boundHeader,
      proof:
        "JF8vHs/QmMpnXLVOJAvunBXtxpo5GbUAARKoSw3Uulzt/5uGCs9exeamMN7nfJy0Lscw2bY9SpsD/wzaOD1RTA==",
      signature:
        "7Ra6tNuOA6UqnjDR3t/jbb4zFOfGoapV2FtDnYZ3DN2v/PuqnDUFMM6Bi16VViqRMi62C70DI7e4aDuwK4RCdw=="),
    // A password longer than a block of the hash function, a name with "=", and "y".
    Example(
      name: "SCRAM-SHA-256", user: "us=er", password: String(repeating: "p", count: 200),
      binding: data, first: "y,,n=us=3Der,r=rOprNGfwEbeRWgbNEkqO",
      challenge:
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4097",
      header: "eSws", proof: "jQ1wr+hW8HTkv82UHXO5Fibz7T79bINIxCPakqr1kDc=",
      signature: "G13LuN6Nzs+5AjAVQg4Zh/5Rb04VcNfjajPPj0wM+NY="),
  ]

  @Test(arguments: examples)
  func `an example`(_ example: Example) throws {
    let cryptography = KnownNonce(example.nonce)
    let binding = example.binding.map { ChannelBinding.available(.exporter, $0) } ?? .none
    let name = bytes(example.name)
    let factory = MechanismFactory(
      Credentials(user: bytes(example.user), password: bytes(example.password), cryptography),
      authorization: bytes(example.authorization),
      channel: .init(binding, offered: [name]), givesUserFirst: false, cryptography)
    guard case .mechanism(let scram) = factory.make(name) else {
      Issue.record("not made")
      return
    }
    #expect(text(scram.name) == example.name)
    #expect(scram.initialResponse.map { text($0) } == example.first)

    var answer = scram.answer(bytes(example.challenge))
    var parts = 0
    while case .work(let work) = answer {
      answer = work.proceed()
      parts += 1
    }
    // 4,095 iterations, or 4,096, after the first.
    #expect(parts == 16)
    guard case .response(let response) = answer else {
      Issue.record("\(answer)")
      return
    }
    let nonce = example.challenge.prefix { $0 != "," }
    #expect(text(response) == "c=\(example.header),\(nonce),p=\(example.proof)")
    #expect(!scram.isComplete)
    guard case .response(let last) = scram.answer(bytes("v=\(example.signature)")) else {
      Issue.record("the signature was refused")
      return
    }
    #expect(last.isEmpty)
    #expect(scram.isComplete)
  }

  /// The parts add up to what OpenSSL computes at once, however they are chosen.
  @Test func `parts of any size`() throws {
    let cryptography = OpenSSLCryptography()
    let salt = (0..<16).map { UInt8($0) }
    func key(_ parts: [Int]) throws -> [UInt8] {
      let stretching = try #require(
        cryptography.stretching(.sha256, password: bytes("pencil"), salt: salt))
      for part in parts { #expect(stretching.advance(part)) }
      return stretching.key
    }
    // hashlib.pbkdf2_hmac("sha256", b"pencil", bytes(range(16)), 1000)
    let expected =
      "383c5b66c36e5d886c24cedd14c61574da223a2fe2ab38e69687431894138a9c"
    for parts in [[999], [1, 0, 500, 498]] {
      #expect(try text(Bytes.hexadecimal(key(parts))) == expected)
    }
    // And with one iteration.
    #expect(
      try text(Bytes.hexadecimal(key([])))
        == "109d45ec2a10bd7e293b29654ebaa52e6ee7c89586892e6143cbb9df2fb5c92f")
    let stretching = try #require(cryptography.stretching(.sha1, password: [], salt: salt))
    #expect(!stretching.advance(-1))
  }

  @Test func `octets are equal, or not`() {
    let cryptography = OpenSSLCryptography()
    #expect(cryptography.isEqual([1, 2], [1, 2]))
    #expect(cryptography.isEqual([], []))
    #expect(!cryptography.isEqual([1, 2], [1, 3]))
    #expect(!cryptography.isEqual([1, 2], [1]))
    #expect(!cryptography.isEqual([], [1]))
  }
}
