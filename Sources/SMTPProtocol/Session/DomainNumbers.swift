/// Which recipients have the same domain, in whatever case it is written: equal domains get
/// equal numbers, from 0 up.
///
/// By sorting: a message may have 10,000 domains, and comparing each with all others would
/// take a second.
package struct DomainNumbers {
  /// For each recipient.
  package private(set) var numbers: [Int]
  package private(set) var count = 0

  package init(_ recipients: [SendRequest.Recipient]) {
    let domains = recipients.map { Bytes.uppercased($0.mailbox.domain) }
    numbers = Array(repeating: 0, count: domains.count)
    var last: [UInt8]?
    for place in Self.sorted(domains) {
      if domains[place] != last { count += 1 }
      last = domains[place]
      numbers[place] = count - 1
    }
  }

  /// The places of the domains in their order, by heap sort: the sort of the standard library
  /// would be a two-hundredth of the whole library.
  private static func sorted(_ domains: [[UInt8]]) -> [Int] {
    var order = Array(domains.indices)
    var end = order.count
    // First a heap is made, from its last parent up; then its first goes to the end each time.
    var start = end / 2
    while end > 1 {
      if start > 0 {
        start -= 1
      } else {
        end -= 1
        order.swapAt(0, end)
      }
      var parent = start
      while 2 * parent + 1 < end {
        var child = 2 * parent + 1
        if child + 1 < end, precedes(domains, order[child], order[child + 1]) { child += 1 }
        guard precedes(domains, order[parent], order[child]) else { break }
        order.swapAt(parent, child)
        parent = child
      }
    }
    return order
  }

  @inline(never)
  private static func precedes(_ domains: [[UInt8]], _ left: Int, _ right: Int) -> Bool {
    domains[left].lexicographicallyPrecedes(domains[right])
  }
}
