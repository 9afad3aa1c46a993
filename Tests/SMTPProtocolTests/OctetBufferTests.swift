import Testing

@testable import SMTPProtocol

@Suite struct OctetBufferTests {
  private enum Change: CaseIterable {
    case octet, array, buffer, room, roomUnused, removeLast, removeFirst, removeTooMany, reserve
    case shrink, lineOfText, removeAll
  }

  /// The same done to an array.
  private func change(
    _ buffer: inout OctetBuffer, _ octets: inout [UInt8], _ change: Change,
    _ random: inout FixedRandom
  ) {
    let count = Int.random(in: 0...70, using: &random)
    let more = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    switch change {
    case .octet:
      buffer.append(0x2E as UInt8)
      octets.append(0x2E)
    case .array:
      buffer.append(more)
      octets += more
    case .lineOfText:
      buffer.append(more.span)
      octets += more
    case .buffer:
      buffer.append(OctetBuffer(more))
      octets += more
    case .room:
      // Less than it was promised.
      buffer.append(most: count + 9) { room, start in
        for (index, octet) in more.enumerated() { room[start + index] = octet }
        return start + count
      }
      octets += more
    case .roomUnused: buffer.append(most: count) { _, start in start - 1 }
    case .removeLast:
      let count = min(count, octets.count)
      buffer.removeLast(count)
      octets.removeLast(count)
    case .removeFirst:
      let count = min(count, octets.count)
      buffer.removeFirst(count)
      octets.removeFirst(count)
    case .removeTooMany: buffer.removeFirst(octets.count + 1)
    case .reserve: buffer.reserve(count)
    case .shrink: buffer.shrink(to: 16)
    case .removeAll:
      buffer.removeAll()
      octets = []
    }
  }

  @Test func `whatever is done to it, it holds what an array would`() {
    var random = FixedRandom(seed: 40)
    for _ in 0..<200 {
      var buffer = OctetBuffer()
      var octets: [UInt8] = []
      for _ in 0..<60 {
        change(&buffer, &octets, Change.allCases.randomElement(using: &random)!, &random)
        if Int.random(in: 0..<40, using: &random) == 0 {
          change(&buffer, &octets, .removeAll, &random)
        }
        if buffer.octets != octets { Issue.record("\(buffer.octets) is not \(octets)") }
        if buffer.count != octets.count || buffer.isEmpty != octets.isEmpty {
          Issue.record("\(buffer.count) octets, not \(octets.count)")
        }
        if buffer.withSpan({ OctetScan.array($0) }) != octets { Issue.record("the span differs") }
        if !octets.isEmpty {
          let place = Int.random(in: 0..<octets.count, using: &random)
          if buffer[place] != octets[place] { Issue.record("octet \(place) differs") }
          if buffer[place..<octets.count] != Array(octets[place...]) { Issue.record("the rest") }
        }
      }
    }
  }

  @Test func `it grows by doubling, and gives back what is too much only when it is empty`() {
    var buffer = OctetBuffer()
    #expect(buffer.capacity == 0)
    buffer.append([UInt8](repeating: 1, count: 1000))
    let large = buffer.capacity
    #expect(large >= 1000)
    buffer.reserve(large - 1000)
    #expect(buffer.capacity == large)
    buffer.append([UInt8](repeating: 2, count: large - 999))
    #expect(buffer.capacity >= 2 * large)
    buffer.shrink(to: 100)
    #expect(buffer.capacity >= 2 * large)
    buffer.removeAll()
    buffer.shrink(to: 100_000)
    #expect(buffer.capacity >= 2 * large)
    buffer.shrink(to: 100)
    #expect(buffer.capacity == 0)
  }

  /// The room after the octets in use held something before.
  @Test func `cleansing reaches all that was ever in it`() {
    let cryptography = FixedCryptography()
    var buffer = OctetBuffer(bytes("the secret that was in here"))
    buffer.removeLast(20)
    let capacity = buffer.capacity
    buffer.cleanse(cryptography)
    #expect(buffer.isEmpty)
    #expect(cryptography.cleansed.map { $0.count } == [capacity])
    #expect(Bytes.contains(cryptography.cleansed[0], bytes("the secret that was in here")))
    buffer.append(most: capacity) { room, start in
      for index in 0..<capacity where room[index] != 0 { Issue.record("octet \(index) is left") }
      return start
    }
  }

  @Test func `a copy is not changed with the original`() {
    var buffer = OctetBuffer(bytes("one"))
    let copy = buffer
    buffer.append(0x21 as UInt8)
    buffer.removeFirst(1)
    #expect(copy.octets == bytes("one"))
    #expect(buffer.octets == bytes("ne!"))
  }
}
