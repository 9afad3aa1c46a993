/// A parameter of MAIL or RCPT that few messages have (`esmtp-param`, RFC 5321 section 4.1.2),
/// in the form in which it is written. A value that its RFC does not allow cannot be constructed.
package struct ESMTPParameter {
  /// A command has each of them once.
  package enum Kind { case priority }

  /// Why a text was refused, to be put after the name of the field: "must be FULL or HDRS".
  package struct Refusal: Error {
    package let reason: ErrorText
  }

  let kind: Kind
  /// What is compared with a limit of the server.
  package let number: Int64
  /// With the blank before it.
  let written: [UInt8]

  /// MT-PRIORITY (RFC 6710 section 4): the higher, the more urgent.
  package static func priority(_ value: Int64) -> ESMTPParameter {
    ESMTPParameter(
      kind: .priority, number: value, written: Bytes.of(" MT-PRIORITY=") + Bytes.decimal(value))
  }

  /// Why this server cannot take it. What is asked for is never left out silently.
  func refusal(by capabilities: Capabilities) -> ErrorText? {
    switch kind {
    case .priority:
      capabilities.has(Bytes.of("MT-PRIORITY"))
        ? nil : "mt_priority needs MT-PRIORITY, which the server does not offer"
    }
  }
}

/// The parameters of one command.
package struct ESMTPParameters {
  private(set) var all: [ESMTPParameter] = []

  var isEmpty: Bool { all.isEmpty }

  package subscript(kind: ESMTPParameter.Kind) -> ESMTPParameter? {
    get { all.first { $0.kind == kind } }
    set {
      let place = all.firstIndex { $0.kind == kind }
      if let place, let newValue {
        all[place] = newValue
      } else if let place {
        all.remove(at: place)
      } else if let newValue {
        all.append(newValue)
      }
    }
  }

  func write(to output: inout SessionOutput) {
    for parameter in all { output.append(parameter.written) }
  }
}
