package import SMTPProtocol
package import SMTPTransport

/// A message of a pool, from its send to its end, through all of its tries.
package final class PoolMessage {
  private let request: SendRequest
  let source: any ContentSource
  let tag: UInt
  let ended: (Outcome) -> Void
  /// The recipients of the next try, by their place in `request`; nil: all.
  private var places: [Int]?
  /// What is known of all recipients after the first try.
  private var total: Outcome?
  /// Some recipients may have got it.
  private var doubt: Failure?
  /// Why it may be sent again, and why it was the last time.
  private var reason: Failure?
  private var retryError: Failure?
  /// When the first try began.
  private var begun: Int64?
  package private(set) var tries = 0
  /// Connections that ended while it was the first one under way, in a row.
  private var losses = 0

  // Of the queue.
  var next: PoolMessage?
  var place = 0
  var timer: LoopTimer?

  package init(
    _ request: SendRequest, _ source: any ContentSource, tag: UInt,
    _ ended: @escaping (Outcome) -> Void
  ) {
    self.request = request
    self.source = source
    self.tag = tag
    self.ended = ended
  }

  /// Of the next try.
  package var recipientCount: Int { places?.count ?? request.recipients.count }

  package func nextRequest(now: Int64) -> SendRequest {
    if begun == nil { begun = now }
    return request.limited(to: places)
  }

  /// What follows a try.
  package enum Ending {
    case over
    /// Sent again over another connection: this one has decided nothing.
    case untried
    /// Sent again later.
    case again
  }

  /// A message that makes servers crash must end.
  private static var mostLosses: Int { 10 }

  /// Adds the outcome of a try. `isFirst`: of those that a connection did not decide.
  package func take(_ outcome: Outcome, isFirst: Bool) -> Ending {
    let isUntried = outcome.failure?.isUndecided ?? false
    if !isUntried {
      tries += 1
      losses = 0
    } else if isFirst {
      losses += 1
    }
    let result = merge(outcome)
    let rest = result.undecided
    guard let first = rest.first, source.survey != nil, losses < Self.mostLosses,
      outcome.failure?.code != .cancelled, !(request.isAllOrNone && result.hasRejected)
    else { return .over }
    places = rest.count == request.recipients.count ? nil : rest
    reason = outcome.failure ?? result.failure(of: result.recipients[first])
    return isUntried ? .untried : .again
  }

  /// Whether it may be why connections end.
  var isSuspect: Bool { losses > 1 }

  /// Whether a try may begin then.
  package func isInTime(_ moment: Int64, _ settings: PoolSettings) -> Bool {
    moment - (begun ?? moment) <= settings.tryTime
  }

  private func merge(_ outcome: Outcome) -> Outcome {
    if outcome.failure?.retry == .unknown { doubt = outcome.failure }
    var result = outcome
    if let places, let total {
      result = total.merging(outcome, at: places)
      result.failure = doubt ?? (result.hasAccepted ? nil : outcome.failure)
    }
    total = result
    return result
  }

  /// How it has ended. `failure`: why it is not tried any more, when that is no outcome of a try.
  package func outcome(_ failure: Failure?) -> Outcome {
    let result = total ?? .untried(request.mailboxes, failure)
    if let failure, total != nil {
      if doubt == nil, !result.hasAccepted { result.failure = failure }
      result.leaveUntried(failure)
    }
    result.tries = tries
    result.retryError = retryError
    return result
  }

  /// It goes back to the queue.
  package func sendAgain() { retryError = reason }
}

extension Failure {
  /// The connection ended, or takes no more messages, before the server decided about the message.
  var isUndecided: Bool {
    retry == .safe && code != .envelope && code != .message && code != .cancelled
  }

  /// It says something of the connection, not of the message alone.
  var isOfConnection: Bool {
    switch code {
    case .envelope, .message, .stream, .requireTLS, .cancelled: false
    default: true
    }
  }

  /// The connection ended before it took a message.
  static var unserved: Failure {
    Failure(.connection, "the server ended the connection before a message began", retry: .safe)
  }
}
