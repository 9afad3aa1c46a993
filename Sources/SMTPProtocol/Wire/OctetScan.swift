/// Searches text for significant octets, many at a time. The compiler makes one
/// instruction of each load, comparison or combination of a whole vector.
enum OctetScan {
  // MARK: Octets that may be line ends

  /// The index of the next octet from `start` on that is less than 14, which includes CR and
  /// LF; the end when there is none. `seen` collects the bits of all octets passed.
  @_optimize(speed)
  static func nextControl(
    _ octets: Span<UInt8>, from start: Int, seen: inout UInt64
  ) -> Int {
    let count = octets.count
    var index = start
    var bits = seen
    while index &+ 16 <= count {
      let part = octets.extracting(index..<(index &+ 16))
      let first = word(part, 0)
      let found = controls(first)
      if found != 0 {
        seen = bits | before(found, first)
        return index &+ place(found)
      }
      let second = word(part, 8)
      let foundThen = controls(second)
      if foundThen != 0 {
        seen = bits | first | before(foundThen, second)
        return index &+ 8 &+ place(foundThen)
      }
      bits |= first | second
      index &+= 16
    }
    while index < count, octets[index] > 0x0D {
      bits |= UInt64(octets[index])
      index &+= 1
    }
    seen = bits
    return index
  }

  /// Whether one of the octets whose bits were collected was above 127.
  static func hasEightBit(_ seen: UInt64) -> Bool { seen & tops != 0 }

  static let eightBit = tops

  private static let tops: UInt64 = 0x8080_8080_8080_8080

  @inline(__always)
  private static func word(_ part: Span<UInt8>, _ at: Int) -> UInt64 {
    let low =
      UInt64(part[at]) | UInt64(part[at &+ 1]) << 8 | UInt64(part[at &+ 2]) << 16
      | UInt64(part[at &+ 3]) << 24
    let high =
      UInt64(part[at &+ 4]) | UInt64(part[at &+ 5]) << 8 | UInt64(part[at &+ 6]) << 16
      | UInt64(part[at &+ 7]) << 24
    return low | high << 32
  }

  /// A bit for the first octet below 14 at least, and for none that comes before it.
  @inline(__always)
  private static func controls(_ word: UInt64) -> UInt64 {
    (word &- 0x0E0E_0E0E_0E0E_0E0E) & ~word & tops
  }

  @inline(__always)
  private static func place(_ found: UInt64) -> Int { found.trailingZeroBitCount &>> 3 }

  /// The part of `word` before the first octet found.
  @inline(__always)
  private static func before(_ found: UInt64, _ word: UInt64) -> UInt64 {
    word & ((found & (0 &- found)) >> 7 &- 1)
  }

  // MARK: Octets that no command may contain

  /// Whether there is a control character at `start` or after it.
  @_optimize(speed)
  static func hasControl(_ octets: Span<UInt8>, from start: Int) -> Bool {
    var index = start
    while index &+ 8 <= octets.count {
      let word = word(octets.extracting(index..<(index &+ 8)), 0)
      let delete = word ^ 0x7F7F_7F7F_7F7F_7F7F
      let low = (word &- 0x2020_2020_2020_2020) & ~word
      if (low | (delete &- 0x0101_0101_0101_0101) & ~delete) & tops != 0 { return true }
      index &+= 8
    }
    while index < octets.count {
      if Bytes.isControl(octets[index]) { return true }
      index &+= 1
    }
    return false
  }

  // MARK: Copying and comparing

  @inline(__always)
  static func copy(_ octets: Span<UInt8>, to room: inout MutableSpan<UInt8>, at start: Int) {
    let count = octets.count
    var place = room._mutatingExtracting(start..<(start &+ count))
    var index = 0
    while index < count {
      place[index] = octets[index]
      index &+= 1
    }
  }

  @_optimize(speed)
  static func array(_ octets: Span<UInt8>) -> [UInt8] {
    [UInt8](capacity: octets.count) { room in
      var index = 0
      while index < octets.count {
        room.append(octets[index])
        index &+= 1
      }
    }
  }

  @_optimize(speed)
  static func equal(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    let count = left.count
    guard right.count == count else { return false }
    var index = 0
    while index &+ 8 <= count {
      let part = left.extracting(index..<(index &+ 8))
      if word(part, 0) != word(right.extracting(index..<(index &+ 8)), 0) { return false }
      index &+= 8
    }
    while index < count {
      if left[index] != right[index] { return false }
      index &+= 1
    }
    return true
  }

  // MARK: Whole blocks of lines

  /// The end of the regular blocks from `start` on: in them every CR has its LF, every LF
  /// has its CR, and no line begins with `dot`; an LF for `dot` forbids no octet.
  /// The rest is less than a block, or its first block is not regular.
  ///
  /// The end never separates a CR from its LF; an LF at `start` counts as one without CR.
  @_optimize(speed)
  static func skipRegularLines(
    _ octets: Span<UInt8>, from start: Int, dot: UInt8, seen: inout UInt64
  ) -> Int {
    // An LF here has no CR: each octet is compared with the one before it.
    guard start < octets.count, octets[start] != .lf else { return start }
    let dots = SIMD16<UInt8>(repeating: dot)
    var bits = SIMD16<UInt8>(repeating: 0)
    var index = start
    // The last octet of a block is compared with the first of the next one.
    while index &+ block < octets.count {
      let part = octets.extracting(index..<(index &+ block &+ 1))
      var passed = vector(part, 0)
      var bad = irregular(part, 0, dots)
      var place = 16
      while place < block {
        passed |= vector(part, place)
        bad = bad .| irregular(part, place, dots)
        place &+= 16
      }
      if joined(SIMD16(repeating: 0).replacing(with: 0xFF, where: bad)) != 0 { break }
      bits |= passed
      index &+= block
    }
    if index > start {
      seen |= UInt64(joined(bits))
      if octets[index] == .lf { index &-= 1 }
    }
    return index
  }

  private static let block = 128

  /// The bits of all lanes. The standard library's own ways are calls here, around which every
  /// vector would have to be kept in memory.
  @inline(__always)
  private static func joined(_ lanes: SIMD16<UInt8>) -> UInt8 {
    var bits: UInt8 = 0
    for place in 0..<16 { bits |= lanes[place] }
    return bits
  }

  @inline(__always)
  private static func irregular(
    _ octets: Span<UInt8>, _ index: Int, _ dots: SIMD16<UInt8>
  ) -> SIMDMask<SIMD16<Int8>> {
    let crs = SIMD16<UInt8>(repeating: .cr)
    let lfs = SIMD16<UInt8>(repeating: .lf)
    let these = vector(octets, index)
    let next = vector(octets, index &+ 1)
    return ((these .== crs) .^ (next .== lfs)) .| ((these .== lfs) .& (next .== dots))
  }

  /// Sixteen octets of a part whose size is known, so that nothing has to be checked.
  @inline(__always)
  private static func vector(_ part: Span<UInt8>, _ at: Int) -> SIMD16<UInt8> {
    // One call and one type for each octet: the compiler takes eleven seconds to find out that
    // sixteen sums in one expression are of the type Int.
    @inline(__always)
    func octet(_ offset: Int) -> UInt8 { part[at &+ offset] }
    return SIMD16(
      octet(0), octet(1), octet(2), octet(3), octet(4), octet(5), octet(6), octet(7),
      octet(8), octet(9), octet(10), octet(11), octet(12), octet(13), octet(14), octet(15))
  }
}
