import SMTPProtocol
import SMTPTransport

/// One send. Usually one transaction; more when the server takes only so many
/// recipients at a time (RFC 5321 section 4.5.3.1.10) and the message can be read
/// again.
final class Mailing {
  private let request: SendRequest
  private(set) var source: any ContentSource
  /// The recipients of the transaction under way, by their place in `request`.
  private var places: [Int]
  /// What is known of all recipients after the first transaction.
  private var total: Outcome?

  private static var surveyChunk: Int { 65_536 }

  init(_ request: SendRequest, _ source: any ContentSource) {
    self.request = request
    self.source = source
    places = Array(request.recipients.indices)
  }

  var mailboxes: [Mailbox] { request.recipients.map { $0.mailbox } }

  /// What the next transaction says.
  func nextRequest() -> SendRequest {
    var next = request
    if next.survey == nil { next.survey = survey() }
    next.recipients = places.map { request.recipients[$0] }
    return next
  }

  /// A message in memory is looked at before it is announced.
  private func survey() -> ContentSurvey? {
    guard let content = source.again() else { return nil }
    var survey = ContentSurvey()
    while case .bytes = content.next(limit: Self.surveyChunk, { survey.add($0) }) {}
    survey.finish()
    return survey
  }

  /// Takes the outcome of a transaction. nil: another one is needed; else what
  /// became of everything.
  func take(_ outcome: Outcome) -> Outcome? {
    let result = total.map { $0.merging(outcome, at: places) } ?? outcome
    total = result
    let refused = places.indices.filter { outcome.recipients[$0].isOverflow }
    guard !refused.isEmpty, outcome.failure == nil, refused.count < places.count,
      let again = source.again()
    else { return result }
    places = refused.map { places[$0] }
    source = again
    return nil
  }
}
