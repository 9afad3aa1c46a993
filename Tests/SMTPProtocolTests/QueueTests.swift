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
}
