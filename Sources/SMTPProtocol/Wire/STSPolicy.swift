/// A policy of MTA-STS (RFC 8461 section 3.2), as a domain publishes it for those who send to it.
package final class STSPolicy {
  /// As it was given.
  package let text: [UInt8]
  /// Whether a server that does not comply gets no mail; else senders only report it.
  package private(set) var isEnforced = false

  /// Nil when it is none.
  @inline(never)
  package init?(_ text: [UInt8]) {
    self.text = text
    isEnforced = has("enforce", as: "mode")
    let isNone = has("none", as: "mode")
    guard has("STSv1", as: "version"), Bytes.number(value("max_age", 0)) != nil,
      isEnforced || isNone || has("testing", as: "mode"),
      isNone || !value("mx", 0).isEmpty
    else { return nil }
    var index = 0
    while let pattern = field("mx", index) {
      let isWild = pattern.starts(with: Bytes.of("*."))
      guard Domain.isValid(isWild ? Array(pattern.dropFirst(2)) : pattern) else { return nil }
      index += 1
    }
  }

  /// Section 4.1: "*.example.org" allows mail.example.org, but neither example.org nor
  /// a.mail.example.org.
  @inline(never)
  package func allows(_ host: [UInt8]) -> Bool {
    let parent = Array(host.drop { $0 != .dot })
    var index = 0
    while let pattern = field("mx", index) {
      let isAllowed =
        pattern.first == .asterisk
        ? Bytes.equalIgnoringCase(Array(pattern.dropFirst()), parent)
        : Bytes.equalIgnoringCase(pattern, host)
      if isAllowed { return true }
      index += 1
    }
    return false
  }

  /// Of a field that is there several times the first counts, but for mx.
  @inline(never)
  private func has(_ value: StaticString, as key: StaticString) -> Bool {
    self.value(key, 0) == Bytes.of(value)
  }

  private func value(_ key: StaticString, _ index: Int) -> [UInt8] { field(key, index) ?? [] }

  /// The value of one of the fields of this name. Lines end with LF or CRLF.
  @inline(never)
  private func field(_ key: StaticString, _ index: Int) -> [UInt8]? {
    let key = Bytes.of(key)
    var index = index
    var rest = text[...]
    while !rest.isEmpty {
      let line = rest.prefix { $0 != .lf }
      rest = rest.dropFirst(line.count + 1)
      let name = line.prefix { $0 != .colon }
      guard name.endIndex < line.endIndex, Bytes.trimmed(name) == key else { continue }
      if index == 0 {
        let value = line[(name.endIndex + 1)...]
        return Bytes.trimmed(value.last == .cr ? value.dropLast() : value)
      }
      index -= 1
    }
    return nil
  }
}
