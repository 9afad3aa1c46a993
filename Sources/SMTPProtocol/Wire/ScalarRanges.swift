/// Sets of characters, as arrays of the first and the last of each range, in order.
enum ScalarRanges {
  @inline(never)
  static func contain(_ ranges: [UInt32], _ value: UInt32) -> Bool {
    var index = 0
    while index + 1 < ranges.count {
      if value < ranges[index] { return false }
      if value <= ranges[index + 1] { return true }
      index += 2
    }
    return false
  }
}
