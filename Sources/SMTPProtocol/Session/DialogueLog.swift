/// Where what is said is written down, secrets masked. Without a callback nothing is made for it.
package final class DialogueLog {
  package enum Direction { case client, server }

  package var onLine: ((Direction, [UInt8]) -> Void)?

  package init() {}

  var isOn: Bool { onLine != nil }

  func add(_ direction: Direction, _ line: [UInt8]) { onLine?(direction, line) }
}
