import Testing

@testable import SMTPTransport

/// However many addresses a name has: a bounded number is kept, and looked at.
@Suite struct AddressListTests {
  private func list(_ texts: [String]) -> AddressList {
    var list = AddressList()
    for text in texts where !list.isFull {
      if let address = SocketAddress(numeric: bytes(text), port: 25) { list.add(address) }
    }
    return list
  }

  private func shown(_ list: AddressList) -> [String] { list.addresses.map { $0.description } }

  @Test func eachOnceInOrder() {
    let list = list(["192.0.2.2", "2001:db8::1", "192.0.2.1", "192.0.2.2", "2001:db8::1"])
    #expect(shown(list) == ["192.0.2.2:25", "[2001:db8::1]:25", "192.0.2.1:25"])
    #expect(!list.isFull)
  }

  @Test func oneFamilyDoesNotCrowdOutTheOther() {
    let many = (0..<4_000).map { "10.0.\($0 / 250).\($0 % 250)" }
    var result = list(many.prefix(900) + ["2001:db8::1"])
    #expect(result.addresses.count == AddressList.limitOfFamily + 1)
    #expect(shown(result).first == "10.0.0.0:25")
    #expect(shown(result).last == "[2001:db8::1]:25")
    result = list((0..<100).map { "2001:db8::\($0)" } + ["10.0.0.1"])
    #expect(result.addresses.count == AddressList.limitOfFamily + 1)
    #expect(shown(result).last == "10.0.0.1:25")
  }

  @Test func fullWithBothFamilies() {
    let count = AddressList.limitOfFamily
    let list = list(
      (0..<count).flatMap { ["10.0.0.\($0)", "2001:db8::\($0)"] } + ["10.0.1.1"])
    #expect(list.isFull)
    #expect(list.addresses.count == 2 * count)
  }

  @Test func repetitionsEnd() {
    var list = AddressList()
    var looks = 0
    while !list.isFull, looks < 100_000 {
      looks += 1
      if let address = SocketAddress(numeric: bytes("10.0.0.1"), port: 25) { list.add(address) }
    }
    #expect(list.addresses.count == 1)
    #expect(looks == AddressList.lookLimit)
  }
}
