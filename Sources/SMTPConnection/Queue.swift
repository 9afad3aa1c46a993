/// First in, first out, without moving what stays.
struct Queue<Element> {
  private var items: [Element?] = []
  private var head = 0

  var isEmpty: Bool { head == items.count }

  mutating func append(_ element: Element) { items.append(element) }

  mutating func popFirst() -> Element? {
    guard head < items.count else { return nil }
    let element = items[head]
    items[head] = nil
    head += 1
    // A queue that never runs empty must not keep the places of all that left.
    if head * 2 > items.count {
      items.removeFirst(head)
      head = 0
    }
    return element
  }

  /// Takes out, in order, what `isTaken` wants.
  mutating func take(where isTaken: (Element) -> Bool) -> [Element] {
    var taken: [Element] = []
    var kept: [Element?] = []
    while let element = popFirst() {
      if isTaken(element) { taken.append(element) } else { kept.append(element) }
    }
    items = kept
    return taken
  }
}
