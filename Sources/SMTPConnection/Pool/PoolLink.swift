import SMTPProtocol

/// A connection of a pool, and what it was given.
final class PoolLink {
  enum Stage {
    /// Until the login has succeeded.
    case opening
    case ready
    /// It gets no more messages: it quits, or is over.
    case leaving
  }

  /// Of what the pool itself asks for, so that it is not withdrawn as a message.
  static var tag: UInt { .max }

  let connection: Connection
  /// 1 for the first of the pool.
  let number: Int
  var stage = Stage.opening
  /// Messages that it has and that have not ended.
  private(set) var active = 0
  /// Messages that it got.
  private(set) var given = 0
  /// The server has decided about one of them.
  var hasAnswered = false
  /// What it did not decide, in order.
  private(set) var returned: [PoolMessage] = []
  /// Why.
  private(set) var failure: Failure?
  /// Since when it has nothing to do.
  private(set) var idleSince: Int64 = 0

  init(_ connection: Connection, number: Int) {
    self.connection = connection
    self.number = number
  }

  /// What the server takes without waiting: more would be missed by another connection.
  private static var most: Int { 8 }
  private static var mostAtOnce: Int { 32 }

  func takesAnother(atOnce: Bool) -> Bool {
    stage == .ready && active < (atOnce ? Self.mostAtOnce : Self.most)
  }

  func gives() {
    active += 1
    given += 1
  }

  /// It could not be given.
  func takesBack() {
    active -= 1
    given -= 1
  }

  func ended(now: Int64) {
    active -= 1
    if active == 0 { idleSince = now }
  }

  func opened(now: Int64) {
    stage = .ready
    idleSince = now
  }

  func fails(_ failure: Failure) {
    if self.failure == nil { self.failure = failure }
  }

  func keepReturned(_ message: PoolMessage) { returned.append(message) }

  func takeReturned() -> [PoolMessage] {
    let all = returned
    returned = []
    return all
  }

  /// Whether the limits of the server and of the pool are reached.
  func isUsedUp(_ settings: PoolSettings) -> Bool {
    if settings.messagesPerConnection > 0, given >= settings.messagesPerConnection { return true }
    guard let most = connection.capabilities.limits.transactions else { return false }
    return given >= most
  }
}
