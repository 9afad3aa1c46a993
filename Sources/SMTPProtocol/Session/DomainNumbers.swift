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
    let order = domains.indices.sorted { domains[$0].lexicographicallyPrecedes(domains[$1]) }
    var last: [UInt8]?
    for place in order {
      if domains[place] != last { count += 1 }
      last = domains[place]
      numbers[place] = count - 1
    }
  }
}
