import SMTPProtocol

/// Keeps the error of the last call on a handle.
protocol KeepsLastError: AnyObject {
  var lastError: ErrorHandle? { get set }
}

extension KeepsLastError {
  /// Runs a call and turns what it throws into the result for C.
  func perform(_ call: () throws(Failure) -> Void) -> CInt {
    do throws(Failure) {
      try call()
      lastError = nil
      return 0
    } catch {
      lastError = ErrorHandle(error)
      return error.code.rawValue
    }
  }

  var lastErrorView: OpaquePointer? {
    guard let lastError else { return nil }
    return unsafe Handle.view(lastError)
  }
}

/// The result for a NULL handle.
var nullHandle: CInt { ErrorCode.state.rawValue }
