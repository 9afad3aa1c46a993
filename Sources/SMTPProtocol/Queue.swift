/// First in, first out, without moving what stays.
package struct Queue<Element> {
  private var items: [Element?] = []
  private var head = 0

  package init() {}

  package var isEmpty: Bool { head == items.count }

  package var count: Int { items.count - head }
  package var last: Element? { isEmpty ? nil : items[items.count - 1] }
  package var first: Element? { isEmpty ? nil : items[head] }

  package mutating func append(_ element: Element) { items.append(element) }

  package mutating func prepend(_ element: Element) { items.insert(element, at: head) }

  package mutating func popFirst() -> Element? {
    guard head < items.count else { return nil }
    let element = items[head]
    items[head] = nil
    head += 1
    if head == items.count {
      items.removeAll(keepingCapacity: true)
      head = 0
    } else if head > 32, head * 2 > items.count {
      // A queue that never runs empty must not keep the places of all that left.
      items.removeFirst(head)
      head = 0
    }
    return element
  }

  /// Takes out, in order, what `isTaken` wants.
  package mutating func take(where isTaken: (Element) -> Bool) -> [Element] {
    var taken: [Element] = []
    var kept: [Element?] = []
    while let element = popFirst() {
      if isTaken(element) { taken.append(element) } else { kept.append(element) }
    }
    items = kept
    return taken
  }
}
