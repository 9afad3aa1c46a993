import SMTPProtocol
import Testing

@testable import SMTPTransport

@Suite struct CryptographyTests {
  let cryptography = OpenSSLCryptography()

  /// RFC 4648 section 10.
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
    ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
  ])
  func vectors(_ plain: String, _ encoded: String) {
    #expect(text(cryptography.base64Encode(bytes(plain))) == encoded)
    #expect(cryptography.base64Decode(bytes(encoded)) == bytes(plain))
  }

  @Test(arguments: [
    "Z", "Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zm9v\n", " Zm9", "Zm 9", "Zm9v====",
    "Zg==Zg==",
    "Zm9*", "Z=m9", "Zm8=\r\n\r\n", "Zm-_",
  ])
  func refused(_ text: String) {
    let result = cryptography.base64Decode(bytes(text))
    #expect(result == nil)
  }

  @Test func largeInputIsJoinedWithoutSeam() {
    let plain = (0..<(3 << 20) + 5).map { UInt8(truncatingIfNeeded: $0) }
    let encoded = cryptography.base64Encode(plain)
    #expect(encoded.count == (plain.count + 2) / 3 * 4)
    #expect(!encoded.dropLast(2).contains(0x3D))
  }

  @Test func cleanse() {
    var secret = bytes("secret")
    cryptography.cleanse(&secret)
    #expect(secret == [0, 0, 0, 0, 0, 0])
    // The octets after the end of one that has shrunk too.
    var shrunk = bytes("longer secret")
    shrunk.removeLast(7)
    let capacity = shrunk.capacity
    cryptography.cleanse(&shrunk)
    #expect(shrunk == [0, 0, 0, 0, 0, 0])
    #expect(shrunk.capacity == capacity)
    var nothing: [UInt8] = []
    cryptography.cleanse(&nothing)
  }
}
