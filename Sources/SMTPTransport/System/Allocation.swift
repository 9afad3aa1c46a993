#if hasFeature(Embedded)
  import CSystem

  /// The function with which the Embedded runtime allocates all of its memory. malloc
  /// nearly always provides the requested alignment, for a third of the instructions.
  /// The name stays inside the library, which exports smtpconn_* only.
  @_cdecl("posix_memalign")
  public func allocate(
    _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ alignment: Int, _ size: Int
  ) -> CInt {
    guard let result = unsafe result else { return EINVAL }
    if alignment <= mallocAlignment {
      unsafe result.pointee = malloc(size)
    } else {
      unsafe result.pointee = aligned_alloc(alignment, (size + alignment - 1) & ~(alignment - 1))
    }
    return unsafe result.pointee == nil ? ENOMEM : 0
  }

  /// On every 64-bit Linux.
  private let mallocAlignment = 16
#endif
