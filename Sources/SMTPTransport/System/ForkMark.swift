import CSystem

/// Tells whether this is another process than the one that made it, without asking the
/// kernel each time: what the kernel wipes in a child is there only in the parent.
@safe final class ForkMark {
  private let mark = unsafe csystem_fork_mark()
  private let owner = getpid()

  var isForeign: Bool {
    if let mark = unsafe mark { return unsafe mark.pointee == 0 }
    return getpid() != owner
  }

  deinit { unsafe csystem_fork_mark_free(mark) }
}
