import SMTPProtocol
import SMTPTransport
import Testing

/// The assertion of a service account (RFC 7515, RFC 7518 section 3.3), signed with a
/// key that only this test has. Its signature was computed apart from OpenSSL.
@Suite struct AssertionTests {
  private static let key = """
    -----BEGIN RSA PRIVATE KEY-----
    MIICXAIBAAKBgQCvkEB5eEPB44jBw2eAvZoaad43QM5fjTSIBf24Cymxr5GRpt5w
    NbasluMaEReKGUt/L4JP+k7S++rpmBHpgd/2/xlxb2wC1Ov32+Y06JAxBkGy3XUB
    Ysp7JtHdHMsol/Pk6+l+bPuDyB5F3WEcjfo4IodULz3Ckj6pcjnUlU1flwIDAQAB
    AoGADhaKRfUTotxqXfobNSaB1jrGnTJzHRHMtFmeuYUTzHFlQgXc9a4pwYG+KZpT
    hD5xY3xhfZ99ccrLWAFe9pj4asyPdsDKGcR+zfgibYvJ6avNnWxah05g7J2VpBYL
    mIg/jDRPyGP4EZsCHqVTXzGsyK1ZHLC9B5L91kaTLRDm3zkCQQDeZtKrpunoDmkL
    ja//tcr4QhlLxAOMzEsLlJPpc5CM4obRLArf1hjeQ12ushEL2n5fcTu4LA57zk4d
    gJ7lvaVrAkEAyhYBnktsO9e+FWazPa1luk5mNwF5PYVR0NiiinGC7KPRrIhbkKDv
    goYssy+H4SU1i4F6dk3OX3w4pt7ngSANhQJAPzmN9HxsDKtkE4PBH/nHbNIlrNNZ
    iwJc5zri3cAbvOF9ICPcJ4wO38jY7hvzGqKPwIRJTO9BYtLghCSXh4plZwJAS9b0
    ZoahqNevc3KmY8g2PDP98jiwWmE1Mi6K2W/+FXbpUlmeG2n6WL6n+dsloF4JeUBv
    SAStJXKGBEH1GaWAzQJBAJVLqIMiGnFikx/eD6JCGHpnUYzIOgUiFZoK3xVDTal8
    tonXrwCV7yXOVbr4wpefdAq2bFG1aIggQ9aRQy7DMAE=
    -----END RSA PRIVATE KEY-----
    """

  private static let signed =
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJyb2JvdEBleGFtcGxlLmNvbSIsInNjb3BlIjoiaHR"
    + "0cHM6Ly9tYWlsLmV4YW1wbGUvIiwic3ViIjoiYWxpY2VAZXhhbXBsZS5jb20iLCJhdWQiOiJodHRwczovL3Rva2V"
    + "uLmV4YW1wbGUvdG9rZW4iLCJpYXQiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMDMwMH0.Cj_EtHQx58EKq_Rivfw"
    + "VWATJs51ML8eWkEfDQHgvV36vgdfpYlNA972xi4_dLb9smoBDf4xzk0m2x5aO2j97kAuauPYd95e9jiNo02kX0Pd"
    + "sGCqMT4KQFzVZXwoEKOzCuTJYfUrGTwuP2JOwS1XCkq9LZ-SKxRooRsJBqumQI-g"

  private func assertion(key: String) -> [UInt8]? {
    JSONWebToken.assertion(
      issuer: bytes("robot@example.com"), subject: bytes("alice@example.com"),
      scope: bytes("https://mail.example/"), audience: bytes("https://token.example/token"),
      now: 1_700_000_000, key: bytes(key), cryptography: OpenSSLCryptography())?.bytes
  }

  @Test func `case 095: an assertion for fixed claims and a fixed key`() {
    #expect(assertion(key: Self.key).map { text($0) } == Self.signed)
  }

  @Test func `a key that is none signs nothing`() {
    #expect(assertion(key: "") == nil)
    #expect(assertion(key: String(Self.key.prefix(400))) == nil)
    #expect(assertion(key: Self.key.replacing("RSA ", with: "")) == nil)
  }
}
