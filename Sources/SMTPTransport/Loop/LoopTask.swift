/// Work to be done soon, outside the call that requested it.
///
/// Made once and scheduled as often as needed: scheduling allocates nothing.
package final class LoopTask {
  package internal(set) var isScheduled = false
  private var body: (() -> Void)?

  package init(_ body: @escaping () -> Void) { self.body = body }

  var isCancelled: Bool { body == nil }

  /// Drops the closure for good: it is neither run nor kept alive any more.
  package func cancel() { _ = body.take() }

  func run() {
    isScheduled = false
    // The local copy keeps the closure alive if it cancels its own task.
    if let body { body() }
  }
}
