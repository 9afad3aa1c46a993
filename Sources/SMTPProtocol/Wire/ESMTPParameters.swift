/// The parameters of one command that few messages have.
package struct ESMTPParameters {
  private(set) var all: [ESMTPParameter] = []

  var isEmpty: Bool { all.isEmpty }

  /// Of the kinds that there is one of.
  package subscript(kind: ESMTPParameter.Kind) -> ESMTPParameter? {
    get { all.first { $0.kind == kind } }
    set { put(newValue, at: all.firstIndex { $0.kind == kind }) }
  }

  /// One that the library does not know, by its keyword, in any case.
  package subscript(named name: [UInt8]) -> ESMTPParameter? {
    get { place(name).map { all[$0] } }
    set { put(newValue, at: place(name)) }
  }

  private func place(_ name: [UInt8]) -> Int? {
    all.firstIndex { $0.kind == .further && Bytes.equalIgnoringCase($0.name, name) }
  }

  private mutating func put(_ parameter: ESMTPParameter?, at place: Int?) {
    if let place, let parameter {
      all[place] = parameter
    } else if let place {
      all.remove(at: place)
    } else if let parameter {
      all.append(parameter)
    }
  }

  func refusal(by capabilities: Capabilities) -> ErrorText? {
    // RFC 4865 section 4.2.
    if self[.holdFor] != nil, self[.holdUntil] != nil {
      return "hold_for and hold_until are both set; set only one"
    }
    for parameter in all {
      if let reason = parameter.refusal(by: capabilities) { return reason }
    }
    return nil
  }

  /// In the command line, of those that the library does not know. For each of the others its
  /// RFC gives the command line more room.
  var furtherLength: Int { all.reduce(0) { $0 + ($1.kind == .further ? $1.length : 0) } }

  func write(to output: inout SessionOutput) {
    for parameter in all { parameter.write(to: &output) }
  }
}

/// Parameters that the library does not know (RFC 5321 section 4.1.2).
extension ESMTPParameter {
  /// `esmtp-keyword ["=" esmtp-value]`; an empty value is a keyword alone.
  package static func further(
    _ name: [UInt8], _ value: [UInt8]
  ) throws(Refusal) -> ESMTPParameter {
    let isKeyword =
      name.first.map { Bytes.isLetter($0) || Bytes.isDigit($0) } ?? false
      && name.allSatisfy { Bytes.isLetter($0) || Bytes.isDigit($0) || $0 == .hyphen }
    guard isKeyword else {
      throw Refusal(
        reason: "must have a name of letters, digits and hyphens, the first of which is no hyphen")
    }
    if let setter = setter(of: Bytes.uppercased(name)) {
      throw Refusal(
        reason: "must not be one that has a function of its own: use \(setter.description)")
    }
    guard value.allSatisfy({ $0 > .space && $0 != .equals && $0 < .delete }) else {
      throw Refusal(reason: "must have a value of printable ASCII characters, but for \"=\"")
    }
    return ESMTPParameter(.further, name, value, value: value)
  }

  /// The function that sets it.
  private static func setter(of name: [UInt8]) -> StaticString? {
    let known: [(StaticString, StaticString)] = [
      ("SIZE", "smtpconn_envelope_set_size"), ("BODY", "smtpconn_envelope_set_use_8bitmime"),
      ("SMTPUTF8", "smtpconn_envelope_set_use_smtputf8"),
      ("REQUIRETLS", "smtpconn_envelope_set_require_tls"), ("RET", "smtpconn_envelope_set_dsn_ret"),
      ("ENVID", "smtpconn_envelope_set_dsn_envid"), ("NOTIFY", "smtpconn_envelope_set_dsn_notify"),
      ("ORCPT", "smtpconn_envelope_set_dsn_orcpt"), ("BY", "smtpconn_envelope_set_deliver_by"),
      ("MT-PRIORITY", "smtpconn_envelope_set_mt_priority"),
      ("HOLDFOR", "smtpconn_envelope_set_hold_for"),
      ("HOLDUNTIL", "smtpconn_envelope_set_hold_until"),
      ("AUTH", "smtpconn_envelope_set_auth_sender"), ("SOLICIT", "smtpconn_envelope_set_solicit"),
      ("RRVS", "smtpconn_envelope_set_to_rrvs"),
    ]
    return known.first { Bytes.of($0.0) == name }?.1
  }
}
