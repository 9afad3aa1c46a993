import SMTPProtocol

/// The time limits of a connection. None is infinite.
///
/// The defaults stand in the table of options. The first four are those of the original; command
/// and final reply are the minima of RFC 5321 section 4.5.3.2. Of the answer to QUIT that section
/// says nothing, and nothing depends on it.
package enum Limit: Int, CaseIterable {
  case dns, connection, greeting, socket, command, finalReply, quit, operation

  /// What did not happen in time.
  var explanation: String {
    switch self {
    case .dns: "the host name was not resolved"
    case .connection: "the connection was not established"
    case .greeting: "the server did not greet (does it expect TLS from the start? then set secure)"
    case .socket: "no octet was sent or received"
    case .command: "the server did not reply to the command"
    case .finalReply: "the server did not reply to the end of the message"
    case .quit: "the server did not reply to QUIT"
    case .operation: "the operation did not finish"
    }
  }

  var kind: FailureKind {
    switch self {
    case .dns: .timeoutDNS
    case .connection: .timeoutConnection
    case .greeting: .timeoutGreeting
    case .socket: .timeoutSocket
    case .command, .quit: .timeoutCommand
    case .finalReply: .timeoutFinalReply
    case .operation: .timeoutOperation
    }
  }
}

package struct Limits {
  /// A day.
  package static let longest: UInt32 = 86_400_000

  private var milliseconds = Limit.allCases.map { $0.standard }

  package subscript(limit: Limit) -> UInt32 {
    get { milliseconds[limit.rawValue] }
    set { milliseconds[limit.rawValue] = newValue }
  }
}
