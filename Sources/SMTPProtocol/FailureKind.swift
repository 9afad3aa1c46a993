/// The numbers of `enum smtpconn_kind`: why something failed, more precise than its code.
///
/// A number and not an enum: none is ever made from a foreign number, and what stores one
/// compares it only.
package struct FailureKind: Equatable, Sendable {
  package let number: Int32

  init(_ number: Int32) { self.number = number }

  package static var none: FailureKind { FailureKind(0) }

  package static var dnsNotFound: FailureKind { FailureKind(101) }
  package static var dnsFailed: FailureKind { FailureKind(102) }
  package static var connectRefused: FailureKind { FailureKind(103) }
  package static var unreachable: FailureKind { FailureKind(104) }
  package static var localAddress: FailureKind { FailureKind(105) }
  package static var connectionLost: FailureKind { FailureKind(106) }
  package static var timeoutDNS: FailureKind { FailureKind(107) }
  package static var timeoutConnection: FailureKind { FailureKind(108) }
  package static var timeoutGreeting: FailureKind { FailureKind(109) }
  package static var timeoutSocket: FailureKind { FailureKind(110) }
  package static var timeoutCommand: FailureKind { FailureKind(111) }
  package static var timeoutFinalReply: FailureKind { FailureKind(112) }
  package static var timeoutOperation: FailureKind { FailureKind(113) }

  package static var proxyRefused: FailureKind { FailureKind(201) }
  package static var proxyLogin: FailureKind { FailureKind(202) }
  package static var proxyUnreachable: FailureKind { FailureKind(203) }
  package static var proxyProtocol: FailureKind { FailureKind(204) }

  package static var tlsName: FailureKind { FailureKind(301) }
  package static var tlsExpired: FailureKind { FailureKind(302) }
  package static var tlsNotYetValid: FailureKind { FailureKind(303) }
  package static var tlsSelfSigned: FailureKind { FailureKind(304) }
  package static var tlsUnknownIssuer: FailureKind { FailureKind(305) }
  package static var tlsRevoked: FailureKind { FailureKind(306) }
  package static var tlsCRL: FailureKind { FailureKind(307) }
  package static var tlsOCSP: FailureKind { FailureKind(308) }
  package static var tlsPin: FailureKind { FailureKind(309) }
  package static var tlsDANE: FailureKind { FailureKind(310) }
  package static var tlsWeakKey: FailureKind { FailureKind(311) }
  package static var tlsUntrusted: FailureKind { FailureKind(312) }
  package static var tlsPlainText: FailureKind { FailureKind(313) }
  package static var tlsUnexpected: FailureKind { FailureKind(314) }
  package static var tlsVersion: FailureKind { FailureKind(315) }
  package static var tlsCipher: FailureKind { FailureKind(316) }
  package static var tlsClosed: FailureKind { FailureKind(317) }
  package static var tlsNotOffered: FailureKind { FailureKind(318) }
  package static var tlsRefused: FailureKind { FailureKind(319) }
  package static var tlsInjected: FailureKind { FailureKind(320) }
  package static var tlsClientCertificate: FailureKind { FailureKind(321) }
  package static var tlsSetup: FailureKind { FailureKind(322) }
  package static var tlsFailed: FailureKind { FailureKind(323) }

  package static var loginCredentials: FailureKind { FailureKind(401) }
  package static var loginAppPassword: FailureKind { FailureKind(402) }
  package static var loginBasicDisabled: FailureKind { FailureKind(403) }
  package static var loginWeakMechanism: FailureKind { FailureKind(404) }
  package static var loginMechanism: FailureKind { FailureKind(405) }
  package static var loginEncryption: FailureKind { FailureKind(406) }
  package static var loginTemporary: FailureKind { FailureKind(407) }
  package static var loginLocked: FailureKind { FailureKind(408) }
  package static var loginAttempts: FailureKind { FailureKind(409) }
  package static var loginToken: FailureKind { FailureKind(410) }
  package static var loginPolicy: FailureKind { FailureKind(411) }
  package static var loginRequired: FailureKind { FailureKind(412) }
  package static var loginTransition: FailureKind { FailureKind(413) }
  package static var loginExchange: FailureKind { FailureKind(414) }
  package static var loginServerSignature: FailureKind { FailureKind(415) }
  package static var loginChannelBinding: FailureKind { FailureKind(416) }
  package static var loginNoToken: FailureKind { FailureKind(417) }

  package static var serverBlocked: FailureKind { FailureKind(501) }
  package static var serverConnections: FailureKind { FailureKind(502) }
  package static var serverBusy: FailureKind { FailureKind(503) }
  package static var serverClosing: FailureKind { FailureKind(504) }
  package static var serverNoMail: FailureKind { FailureKind(505) }
  package static var serverHelloName: FailureKind { FailureKind(506) }
  package static var serverStorage: FailureKind { FailureKind(507) }
  package static var serverProtocol: FailureKind { FailureKind(508) }
  package static var serverExtension: FailureKind { FailureKind(509) }

  package static var senderAddress: FailureKind { FailureKind(601) }
  package static var senderNotAllowed: FailureKind { FailureKind(602) }
  package static var senderUnauthenticated: FailureKind { FailureKind(603) }
  package static var recipientUnknown: FailureKind { FailureKind(604) }
  package static var recipientDomain: FailureKind { FailureKind(605) }
  package static var recipientAddress: FailureKind { FailureKind(606) }
  package static var recipientDisabled: FailureKind { FailureKind(607) }
  package static var recipientFull: FailureKind { FailureKind(608) }
  package static var recipientMoved: FailureKind { FailureKind(609) }
  package static var recipientsTooMany: FailureKind { FailureKind(610) }
  package static var relayDenied: FailureKind { FailureKind(611) }
  package static var greylisted: FailureKind { FailureKind(612) }
  package static var rateLimited: FailureKind { FailureKind(613) }
  package static var policy: FailureKind { FailureKind(614) }

  package static var messageTooBig: FailureKind { FailureKind(701) }
  package static var messageContent: FailureKind { FailureKind(702) }
  package static var messageLoop: FailureKind { FailureKind(703) }
}

extension FailureKind {
  /// The names of each group of a hundred numbers: each ends with NUL, and the first of them has
  /// the number of the group, so that one of C is a part of a literal.
  private static func names(of group: Int32) -> StaticString {
    switch group {
    case 0: "NONE\0"
    case 1:
      "\0DNS_NOT_FOUND\0DNS_FAILED\0CONNECT_REFUSED\0UNREACHABLE\0LOCAL_ADDRESS\0CONNECTION_LOST\0TIMEOUT_DNS\0TIMEOUT_CONNECTION\0TIMEOUT_GREETING\0TIMEOUT_SOCKET\0TIMEOUT_COMMAND\0TIMEOUT_FINAL_REPLY\0TIMEOUT_OPERATION\0"
    case 2: "\0PROXY_REFUSED\0PROXY_LOGIN\0PROXY_UNREACHABLE\0PROXY_PROTOCOL\0"
    case 3:
      "\0TLS_NAME\0TLS_EXPIRED\0TLS_NOT_YET_VALID\0TLS_SELF_SIGNED\0TLS_UNKNOWN_ISSUER\0TLS_REVOKED\0TLS_CRL\0TLS_OCSP\0TLS_PIN\0TLS_DANE\0TLS_WEAK_KEY\0TLS_UNTRUSTED\0TLS_PLAIN_TEXT\0TLS_UNEXPECTED\0TLS_VERSION\0TLS_CIPHER\0TLS_CLOSED\0TLS_NOT_OFFERED\0TLS_REFUSED\0TLS_INJECTED\0TLS_CLIENT_CERTIFICATE\0TLS_SETUP\0TLS_FAILED\0"
    case 4:
      "\0LOGIN_CREDENTIALS\0LOGIN_APP_PASSWORD\0LOGIN_BASIC_DISABLED\0LOGIN_WEAK_MECHANISM\0LOGIN_MECHANISM\0LOGIN_ENCRYPTION\0LOGIN_TEMPORARY\0LOGIN_LOCKED\0LOGIN_ATTEMPTS\0LOGIN_TOKEN\0LOGIN_POLICY\0LOGIN_REQUIRED\0LOGIN_TRANSITION\0LOGIN_EXCHANGE\0LOGIN_SERVER_SIGNATURE\0LOGIN_CHANNEL_BINDING\0LOGIN_NO_TOKEN\0"
    case 5:
      "\0SERVER_BLOCKED\0SERVER_CONNECTIONS\0SERVER_BUSY\0SERVER_CLOSING\0SERVER_NO_MAIL\0SERVER_HELLO_NAME\0SERVER_STORAGE\0SERVER_PROTOCOL\0SERVER_EXTENSION\0"
    case 6:
      "\0SENDER_ADDRESS\0SENDER_NOT_ALLOWED\0SENDER_UNAUTHENTICATED\0RECIPIENT_UNKNOWN\0RECIPIENT_DOMAIN\0RECIPIENT_ADDRESS\0RECIPIENT_DISABLED\0RECIPIENT_FULL\0RECIPIENT_MOVED\0RECIPIENTS_TOO_MANY\0RELAY_DENIED\0GREYLISTED\0RATE_LIMITED\0POLICY\0"
    case 7: "\0MESSAGE_TOO_BIG\0MESSAGE_CONTENT\0MESSAGE_LOOP\0"
    default: "\0"
    }
  }

  /// The literal that the name of a number is in, and where; "UNKNOWN" for a number without one.
  package static func name(of number: Int32) -> (literal: StaticString, offset: Int) {
    guard number >= 0 else { return ("UNKNOWN", 0) }
    let literal = names(of: number / 100)
    let octets = Bytes.of(literal)
    var (place, offset) = (number % 100, 0)
    while place > 0, let end = octets[offset...].firstIndex(of: 0) {
      (place, offset) = (place - 1, end + 1)
    }
    guard place == 0, offset < octets.count, octets[offset] != 0 else { return ("UNKNOWN", 0) }
    return (literal, offset)
  }

  package var name: ErrorText {
    let (literal, offset) = Self.name(of: number)
    return ErrorText(bytes: Array(Bytes.of(literal).dropFirst(offset).prefix { $0 != 0 }))
  }
}
