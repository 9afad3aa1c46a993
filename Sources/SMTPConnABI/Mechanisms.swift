public import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

/// One exchange of a custom mechanism; what `smtpconn_exchange` points to.
final class CallerMechanism: CustomMechanism {
  /// The caller's function, for every exchange of it.
  @safe struct Caller {
    let callback: smtpconn_mechanism_callback
    let user: UnsafeMutableRawPointer?
    let release: Release
  }

  let name: [UInt8]
  /// The callback alone knows when the exchange is complete.
  let isComplete = true
  let isPrivate = true
  let reading = ChallengeReading.decodedOrRaw
  var onAnswer: ((MechanismAnswer) -> Void)?
  var onQuestion: ((@escaping () -> Void) -> Void)?
  private let caller: Caller
  /// The initial response, which is read when the callback has returned.
  private var given: MechanismAnswer?
  private var isAsked = false
  private var isBeginning = false
  private(set) var initialResponse: [UInt8]?
  /// The owners of what the caller gave, which overwrite it at the end.
  private var responses: [Secret] = []

  init(_ name: [UInt8], _ caller: Caller) {
    self.name = name
    self.caller = caller
  }

  deinit {
    // A secret that is shared would be copied first.
    given = nil
    initialResponse = nil
  }

  func begin(_ completion: @escaping (ErrorText?) -> Void) {
    onQuestion? { [self] in
      guard onAnswer != nil else { return }
      isBeginning = true
      ask(nil)
      isBeginning = false
      isAsked = false
      switch given {
      case .response(let response): initialResponse = response
      case .cancel(let reason): return completion(reason)
      case .distrust, .later, .work, nil: break
      }
      completion(nil)
    }
  }

  func answer(_ challenge: [UInt8]) -> MechanismAnswer {
    onQuestion? { [self] in if onAnswer != nil { ask(challenge) } }
    return .later
  }

  private func ask(_ challenge: [UInt8]?) {
    isAsked = true
    if let challenge {
      // One octet more, so that an empty challenge has an address, unlike the
      // beginning.
      let octets = challenge + [0]
      unsafe octets.withUnsafeBufferPointer { octets in
        unsafe caller.callback(
          Handle.view(self), octets.baseAddress, challenge.count, caller.user)
      }
    } else {
      unsafe caller.callback(Handle.view(self), nil, 0, caller.user)
    }
  }

  /// false when no challenge is unanswered.
  func give(_ answer: MechanismAnswer) -> Bool {
    guard isAsked, let onAnswer else { return false }
    isAsked = false
    if case .response(let response) = answer {
      responses.append(Secret(response, OpenSSLCryptography()))
    }
    if isBeginning {
      given = answer
    } else {
      onAnswer(answer)
    }
    return true
  }
}

private typealias Exchanges = Handle<CallerMechanism>

@_cdecl("smtpconn_options_set_custom_mechanism") @implementation
public func smtpconn_options_set_custom_mechanism(
  _ options: OpaquePointer?, _ name: UnsafePointer<CChar>?,
  _ callback: smtpconn_mechanism_callback?, _ release: smtpconn_release_callback?,
  _ user: UnsafeMutableRawPointer?
) -> CInt {
  let text = unsafe cBytes(name) ?? []
  let owner = unsafe Release(release, user)
  // A refused call releases too, but not in the middle of the call.
  defer { withExtendedLifetime(owner) {} }
  return unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    guard let callback = unsafe callback else {
      try options.customMechanisms.set(text, nil)
      return
    }
    let caller = unsafe CallerMechanism.Caller(callback: callback, user: user, release: owner)
    try options.customMechanisms.set(text) {
      CallerMechanism(Bytes.uppercased(text), caller)
    }
  }
}

@_cdecl("smtpconn_exchange_respond") @implementation
public func smtpconn_exchange_respond(
  _ exchange: OpaquePointer?, _ start: UnsafeRawPointer?, _ length: Int
) -> CInt {
  guard let mechanism = unsafe Exchanges.borrow(exchange),
    let octets = unsafe cOctets(start, length)
  else { return nullHandle }
  // As given and in base64.
  guard Memory.has(octets.count), Memory.has(octets.count / 3 * 4) else {
    return ErrorCode.auth.rawValue
  }
  return unsafe mechanism.give(.response(Array(octets))) ? 0 : ErrorCode.state.rawValue
}

@_cdecl("smtpconn_exchange_fail") @implementation
public func smtpconn_exchange_fail(
  _ exchange: OpaquePointer?, _ reason: UnsafePointer<CChar>?
) -> CInt {
  guard let mechanism = unsafe Exchanges.borrow(exchange) else { return nullHandle }
  let text = unsafe cBytes(reason).map { Bytes.printable($0, limit: 500) } ?? "by the mechanism"
  return mechanism.give(.cancel(text)) ? 0 : ErrorCode.state.rawValue
}
