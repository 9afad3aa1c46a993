import CSystem

/// Memory of a size that somebody else decides. Swift cannot go on without memory that it
/// has asked for, so what may be much is tried first.
package enum Memory {
  /// Less than this is not tried: without it nothing else works either.
  private static let little = 65_536
  /// For what is needed beside it, and for rounding up.
  private static let reserve = 1_048_576

  package static func has(_ octets: Int) -> Bool {
    if octets < little { return true }
    return octets <= Int.max - reserve && csystem_can_allocate(octets + reserve) != 0
  }
}
