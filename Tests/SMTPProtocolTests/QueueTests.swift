import Testing

@testable import SMTPProtocol

@Suite("Queue")
struct QueueTests {
  @Test("first in, first out, across many refills")
  func order() {
    var queue = Queue<Int>()
    var next = 0
    var expected = 0
    for round in 0..<50 {
      for _ in 0...round {
        queue.append(next)
        next += 1
      }
      for _ in 0..<(round / 2 + 1) {
        #expect(queue.popFirst() == expected)
        expected += 1
      }
    }
    while let item = queue.popFirst() {
      #expect(item == expected)
      expected += 1
    }
    #expect(expected == next)
    #expect(queue.isEmpty)
  }

  @Test("what is taken out leaves the rest in order")
  func take() {
    var queue = Queue<Int>()
    for item in 0..<10 { queue.append(item) }
    #expect(queue.popFirst() == 0)
    #expect(queue.take { $0 % 2 == 1 } == [1, 3, 5, 7, 9])
    queue.append(11)
    var rest: [Int] = []
    while let item = queue.popFirst() { rest.append(item) }
    #expect(rest == [2, 4, 6, 8, 11])
  }

  /// Its ends go round the ring many times, in both directions, full and empty.
  @Test("it holds what an array would")
  func ring() {
    var random = FixedRandom(seed: 50)
    for most in [3, 4, 5, 63, 64, 65, 200] {
      var queue = Queue<Int>()
      var items: [Int] = []
      for next in 0..<3000 {
        // It fills up and runs empty by turns.
        let fills = next / (2 * most) % 2 == 0
        switch Int.random(in: 0..<8, using: &random) {
        case 0 where items.count < most:
          queue.prepend(next)
          items.insert(next, at: 0)
        case 1 where items.count > 1:
          let some = Int.random(in: 2...5, using: &random)
          if queue.take(where: { $0 % some == 0 }) != items.filter({ $0 % some == 0 }) {
            Issue.record("took something else")
          }
          items.removeAll { $0 % some == 0 }
        case 2..<(fills ? 6 : 4) where items.count < most:
          queue.append(next)
          items.append(next)
        default:
          let first = items.isEmpty ? nil : items.removeFirst()
          if queue.popFirst() != first { Issue.record("popped something else") }
        }
        if queue.count != items.count || queue.isEmpty != items.isEmpty
          || queue.first != items.first || queue.last != items.last
        {
          Issue.record("it has \(queue.count), and \(items) was expected")
        }
      }
    }
  }

  /// What was taken out is not kept alive by the place that it stood in.
  @Test("it lets go of what leaves")
  func release() {
    final class Item {}
    var queue = Queue<Item>()
    var known: [() -> Item?] = []
    for _ in 0..<100 {
      let item = Item()
      known.append { [weak item] in item }
      queue.append(item)
    }
    for index in 0..<100 {
      #expect(known[index]() != nil)
      _ = queue.popFirst()
      #expect(known[index]() == nil)
    }
    do {
      let item = Item()
      known = [{ [weak item] in item }]
      queue.append(item)
    }
    _ = queue.take { _ in true }
    #expect(known[0]() == nil)
  }
}
