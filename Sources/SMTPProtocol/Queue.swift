/// First in, first out, in a ring whose places are used again.
package struct Queue<Element> {
  /// Their number is a power of two, or 0.
  private var places: [Element?] = []
  private var head = 0
  package private(set) var count = 0

  private static var leastCapacity: Int { 4 }
  /// What an idle queue may keep.
  private static var keptCapacity: Int { 16 }

  package init() {}

  package var isEmpty: Bool { count == 0 }
  @_optimize(speed)
  package var first: Element? { count == 0 ? nil : places[head] }
  @_optimize(speed)
  package var last: Element? { count == 0 ? nil : places[place(count &- 1)] }

  private func place(_ index: Int) -> Int { (head &+ index) & (places.count &- 1) }

  @_optimize(speed)
  package mutating func append(_ element: Element) {
    if count == places.count { grow() }
    places[place(count)] = element
    count &+= 1
  }

  package mutating func prepend(_ element: Element) {
    if count == places.count { grow() }
    head = place(places.count &- 1)
    places[head] = element
    count &+= 1
  }

  @_optimize(speed)
  package mutating func popFirst() -> Element? {
    guard count > 0 else { return nil }
    let element = places[head].take()
    head = place(1)
    count &-= 1
    return element
  }

  package func firstIndex(where isWanted: (Element) -> Bool) -> Int? {
    for index in 0..<count {
      if let element = places[place(index)], isWanted(element) { return index }
    }
    return nil
  }

  /// Those before it move: the first ones are removed fastest.
  package mutating func remove(at index: Int) -> Element? {
    guard index >= 0, index < count else { return nil }
    let element = places[place(index)].take()
    for earlier in stride(from: index, to: 0, by: -1) {
      places.swapAt(place(earlier), place(earlier &- 1))
    }
    head = place(1)
    count &-= 1
    return element
  }

  /// Gives memory back while the connection is idle.
  package mutating func shrink() {
    if count == 0, places.count > Self.keptCapacity {
      places = []
      head = 0
    }
  }

  @inline(never)
  private mutating func grow() {
    let capacity = max(2 * places.count, Self.leastCapacity)
    let larger = (0..<capacity).map { $0 < count ? places[place($0)] : nil }
    places = larger
    head = 0
  }

  /// Takes out, in order, what `isTaken` wants.
  package mutating func take(where isTaken: (Element) -> Bool) -> [Element] {
    var taken: [Element] = []
    for _ in 0..<count {
      guard let element = popFirst() else { break }
      if isTaken(element) { taken.append(element) } else { append(element) }
    }
    return taken
  }
}
