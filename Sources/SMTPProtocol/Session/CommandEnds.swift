/// Where in the stream of output the commands end that wait for a reply. A reply
/// that is there before its command has left cannot be an answer to it.
struct CommandEnds {
  private var ends: [Int] = []
  private var head = 0

  mutating func append(_ end: Int) { ends.append(end) }

  var first: Int? { head < ends.count ? ends[head] : nil }

  mutating func removeFirst() {
    guard head < ends.count else { return }
    head += 1
    if head == ends.count {
      ends.removeAll(keepingCapacity: true)
      head = 0
    }
  }
}
