import SMTPProtocol
import Testing

@testable import SMTPConnection
@testable import SMTPTransport

/// The callbacks due, without a connection.
@Suite struct CallbackQueueTests {
  private let loop: EventLoop
  private let callbacks: CallbackQueue

  init() throws {
    loop = try #require(EventLoop())
    callbacks = CallbackQueue(loop)
  }

  @Test func `an operation counts until its callback has run`() {
    defer { callbacks.end() }
    var counts: [Int] = []
    callbacks.operationBegan()
    #expect(callbacks.pending == 1)
    callbacks.operationEnded { counts.append(callbacks.pending) }
    callbacks.append { counts.append(callbacks.pending) }
    #expect(callbacks.pending == 2)
    #expect(loop.pendingOperations == 2)
    callbacks.run {}
    #expect(counts == [1, 0])
    #expect(loop.pendingOperations == 0)
  }

  @Test func `what callbacks start is written between them`() {
    defer { callbacks.end() }
    var order: [String] = []
    callbacks.append {
      order.append("a")
      callbacks.started()
      callbacks.append { order.append("c") }
    }
    callbacks.append { order.append("b") }
    callbacks.run { order.append("write") }
    #expect(order == ["a", "b", "write", "c"])
    #expect(!loop.hasReadyTasks)
  }

  /// One that makes another one due, for ever, must not keep others from their turn.
  @Test func `callbacks that never end are continued in another turn`() {
    defer { callbacks.end() }
    var count = 0
    var turns = 0
    callbacks.onTurn { turns += 1 }
    func again() {
      count += 1
      if count < 1_000 { callbacks.append { again() } }
    }
    callbacks.append { again() }
    callbacks.run {}
    #expect(count < 100)
    #expect(!callbacks.isEmpty)
    _ = loop.runOnce(timeout: 0)
    #expect(turns == 1)
  }

  @Test func `the end runs all that is due and no event`() {
    var order: [String] = []
    var turns = 0
    callbacks.onTurn { turns += 1 }
    callbacks.refuseEvents()
    callbacks.operationBegan()
    callbacks.operationEnded {
      order.append("a")
      callbacks.append { order.append("b") }
      callbacks.appendEvent { order.append("event") }
      callbacks.wake()
    }
    callbacks.end()
    #expect(order == ["a", "b"])
    #expect(loop.pendingOperations == 0)
    _ = loop.runOnce(timeout: 0)
    #expect(turns == 0)
  }
}
