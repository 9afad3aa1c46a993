import CSystem

/// Memory of a size that a caller or a server decides. Swift cannot continue when an
/// allocation fails, so a large one is tried with malloc first.
package enum Memory {
  /// Less than this is not tried: without it nothing works.
  private static let little = 65_536
  /// For other allocations at the same time, and for rounding up.
  private static let reserve = 1_048_576

  package static func has(_ octets: Int) -> Bool {
    if octets < little { return true }
    return octets <= Int.max - reserve && csystem_can_allocate(octets + reserve) != 0
  }
}
