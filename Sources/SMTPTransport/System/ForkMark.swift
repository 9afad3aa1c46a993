import CSystem

/// Whether this is another process than the one that made it, without a system call each
/// time: a mark that the kernel wipes in a child exists only in the parent.
@safe final class ForkMark {
  private let mark = unsafe csystem_fork_mark()
  private let owner = getpid()

  var isForeign: Bool {
    if let mark = unsafe mark { return unsafe mark.pointee == 0 }
    return getpid() != owner
  }

  deinit { unsafe csystem_fork_mark_free(mark) }
}
