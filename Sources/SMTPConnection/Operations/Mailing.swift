import SMTPProtocol
import SMTPTransport

/// One send. Usually one transaction; more when the server takes only so many
/// recipients at a time (RFC 5321 section 4.5.3.1.10) and the message can be read
/// again.
final class Mailing {
  private var request: SendRequest
  let source: any ContentSource
  /// The recipients of the transaction under way, by their place in `request`, and of
  /// later ones; nil: all.
  private var places: [Int]?
  private var waiting: [Int] = []
  private var limits = Capabilities.Limits()
  /// Of the recipients; nil where the server does not limit them.
  private var domains: DomainNumbers?
  private(set) var isBegun = false
  /// Of the beginning of the content, while more of it is looked at.
  private var partialSurvey: ContentSurvey?
  /// What is known of all recipients after the first transaction.
  private var total: Outcome?

  /// By which the caller finds it again.
  let tag: UInt
  /// Called once, when all is known.
  let ended: (Outcome) -> Void

  init(
    _ request: SendRequest, _ source: any ContentSource, tag: UInt = 0,
    _ ended: @escaping (Outcome) -> Void
  ) {
    self.tag = tag
    self.request = request
    self.request.survey = source.survey
    self.source = source
    self.ended = ended
  }

  /// Whose outcome it is.
  static func of(_ outcome: Outcome) -> Mailing? { outcome.owner.take() as? Mailing }

  private var mailboxes: [Mailbox] { request.mailboxes }

  /// What the next transaction says to this server.
  @_optimize(speed)
  func nextRequest(_ session: Session) -> SendRequest {
    if !isBegun {
      isBegun = true
      if let size = source.leastSize { request.leastSize = size }
      let capabilities = session.capabilities
      if capabilities.limitsRecipients {
        limits = capabilities.limits
        if limits.domains != nil { domains = DomainNumbers(request.recipients) }
        divide(Array(request.recipients.indices))
      }
    }
    return request.limited(to: places)
  }

  /// Divides the recipients: as many as the server takes in one transaction (RFC 9422 section
  /// 4), the others later. With all_or_none that is not possible.
  private func divide(_ rest: [Int]) {
    let most = limits.recipients ?? .max
    let mostDomains = limits.domains ?? .max
    guard !request.isAllOrNone, rest.count > min(most, mostDomains) || places != nil else { return }
    var now: [Int] = []
    var isTaken = [Bool](repeating: false, count: domains?.count ?? 0)
    var domainCount = 0
    waiting = []
    for place in rest {
      let domain = domains?.numbers[place]
      let isKnown = domain.map { isTaken[$0] } ?? true
      if now.count < most, isKnown || domainCount < mostDomains {
        now.append(place)
        if let domain, !isKnown {
          isTaken[domain] = true
          domainCount += 1
        }
      } else {
        waiting.append(place)
      }
    }
    places = waiting.isEmpty && now.count == request.recipients.count ? nil : now
  }

  // MARK: Content

  /// How much of a message is looked at before others get their turn.
  private static var surveyPerTurn: Int { 1 << 20 }

  /// Whether all is known of the content that this server makes necessary. Looks at one more
  /// piece of it: false until there is none left.
  @_optimize(speed)
  func isSurveyed(for session: Session) -> Bool {
    if isBegun || !request.needsWholeSurvey(for: session) {
      return true
    }
    return surveyMore()
  }

  private func surveyMore() -> Bool {
    var survey = partialSurvey ?? ContentSurvey()
    let total = request.survey?.octets ?? 0
    let outcome = source.read(from: Int(clamping: survey.octets)) { piece in
      survey.add(piece.extracting(first: Self.surveyPerTurn))
    }
    if outcome.isContent, survey.octets < total {
      partialSurvey = survey
      return false
    }
    survey.finish()
    partialSurvey = nil
    request.survey = survey
    return true
  }

  /// The size of content in memory when sent; nil when that is not known.
  var size: UInt64? {
    guard let survey = request.survey else { return nil }
    if request.isBinary { return survey.octets }
    return survey.isWhole ? survey.size : nil
  }

  /// All of the content as the caller gave it; of a file what it has at the beginning. nil when
  /// that is not known.
  var octets: UInt64? { source.survey?.octets ?? request.leastSize }

  func encoder(isDotted: Bool) -> ContentEncoder {
    let form: ContentEncoder.Form = request.isBinary ? .binary : isDotted ? .dotted : .counted
    return ContentEncoder(form, needsNoChange: needsNoChange(isDotted: isDotted))
  }

  /// Whether content in memory is sent unchanged.
  private func needsNoChange(isDotted: Bool) -> Bool {
    guard let survey = request.survey else { return false }
    return request.isBinary
      || (survey.isWhole && survey.hasRegularLines && !(isDotted && survey.hasDots))
  }

  // MARK: Outcomes

  /// The total outcome when no further transaction is possible: recipients that got the
  /// message keep their status.
  func abandoned(_ reason: Failure) -> Outcome {
    guard let total else { return .untried(mailboxes, reason) }
    if !total.hasAccepted { total.failure = reason }
    total.leaveUntried(reason)
    return total
  }

  private static var noMore: Failure {
    Failure(
      .envelope,
      "not tried: the server takes no more recipients at a time, and this message cannot be sent"
        + " to the rest in a transaction of their own", command: "RCPT TO", phase: .envelope,
      retry: .safe)
  }

  /// Adds the outcome of a transaction. nil: another one is needed; else the total outcome.
  @_optimize(speed)
  func take(_ outcome: Outcome) -> Outcome? {
    if places == nil, !outcome.hasOverflow { return outcome }
    let here = places ?? Array(request.recipients.indices)
    let result: Outcome
    if here.count < request.recipients.count {
      let before = total ?? .untried(mailboxes, nil)
      result = before.merging(outcome, at: here)
      // Doubt about one recipient must not be hidden by those who got the message.
      let isDoubtful = outcome.failure?.retry == .unknown
      result.failure = result.hasAccepted && !isDoubtful ? nil : outcome.failure
    } else {
      result = outcome
    }
    total = result
    let overflow = here.indices.filter { outcome.recipients[$0].isOverflow }
    let rest = overflow.map { here[$0] } + waiting
    // Others may be taken although these were all refused, but not by a server that
    // does not take the sender or the message.
    let isUseless = outcome.failure != nil && !outcome.recipients.allSatisfy { $0.isRefusedAtOnce }
    guard !rest.isEmpty, !isUseless, !request.isAllOrNone, overflow.count < here.count,
      source.survey != nil
    else {
      if !rest.isEmpty { result.leaveUntried(outcome.failure ?? Self.noMore) }
      return result
    }
    places = []
    divide(rest)
    return nil
  }
}
