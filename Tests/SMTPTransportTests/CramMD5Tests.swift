import SMTPProtocol
import Testing

@testable import SMTPTransport

/// With the real HMAC.
@Suite struct CramMD5Tests {
  private let cryptography = OpenSSLCryptography()

  /// RFC 2195 section 2.
  @Test func `the example of the RFC`() {
    let mechanism = CramMD5(
      Credentials(user: bytes("tim"), password: bytes("tanstaaftanstaaf"), cryptography),
      cryptography)
    guard
      case .response(let response) = mechanism.answer(
        bytes("<1896.697170952@postoffice.reston.mci.net>"))
    else {
      Issue.record("no response")
      return
    }
    #expect(text(response) == "tim b913a602c7eda7a495b4e6e7334d3890")
    #expect(mechanism.isComplete)
  }

  /// RFC 2202 section 2, numbers 2 and 6, and a key that is empty.
  @Test func `HMAC-MD5`() {
    let hexadecimal = { (digest: [UInt8]?) in
      digest?.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
    #expect(
      hexadecimal(
        cryptography.hmac(.md5, key: bytes("Jefe"), bytes("what do ya want for nothing?")))
        == "750c783e6ab0b503eaa86e310a5db738")
    #expect(
      hexadecimal(
        cryptography.hmac(
          .md5, key: [UInt8](repeating: 0xAA, count: 80),
          bytes("Test Using Larger Than Block-Size Key - Hash Key First")))
        == "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd")
    #expect(hexadecimal(cryptography.hmac(.md5, key: [], [])) == "74e6f7298a9c2d168935f58c001bad88")
  }
}
