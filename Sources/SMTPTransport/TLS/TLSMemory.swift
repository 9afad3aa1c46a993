package import SMTPProtocol

/// The state that connections made from the same options share, on any thread: the
/// context, since making it reads the trusted certificates, and the sessions to resume. A
/// changed configuration begins a new one.
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
    // With tls_context_callback each connection has its own context.
    if unsafe configuration.customize != nil { return TLSContext.make(configuration) }
    let known = sessions.lock.locked { now - birth < Self.lifetime ? context : nil }
    if let known { return .success(known) }
    // Without the lock, because the password callback may run. When two threads are here at
    // once, each makes its own this time.
    let result = TLSContext.make(
      configuration, keepingSessions: configuration.keepsSessions ? sessions : nil)
    if case .success(let made) = result {
      sessions.lock.locked { (context, birth) = (made, now) }
    }
    return result
  }
}
