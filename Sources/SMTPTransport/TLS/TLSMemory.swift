package import SMTPProtocol

/// What connections that were made from the same options have in common, on whatever
/// threads they are: the context, since making it reads the trusted certificates, and the
/// sessions to resume. It lives no longer than the configuration stays as it is.
package final class TLSMemory {
  /// Milliseconds until files are read again: authorities come and go, and certificates are
  /// renewed.
  static let lifetime: Int64 = 86_400_000

  package let sessions = TLSSessions()
  private var context: TLSContext?
  /// When the context was made.
  private var birth: Int64 = 0

  package init() {}

  /// One that cannot be made is tried again by the next connection.
  package func context(
    for configuration: TLSConfiguration, now: Int64
  ) -> Result<TLSContext, Failure> {
    // What the caller's code does to a context, it does for each connection.
    if unsafe configuration.customize != nil { return TLSContext.make(configuration) }
    let known = sessions.lock.locked { now - birth < Self.lifetime ? context : nil }
    if let known { return .success(known) }
    // Without the lock, because the caller may be asked for a password. When two threads come
    // here at once, each has its own this time.
    let result = TLSContext.make(
      configuration, keepingSessions: configuration.resumes ? sessions : nil)
    if case .success(let made) = result {
      sessions.lock.locked { (context, birth) = (made, now) }
    }
    return result
  }
}
