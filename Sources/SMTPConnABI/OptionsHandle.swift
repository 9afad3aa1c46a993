import CSMTPConn
import SMTPConnection
import SMTPProtocol

/// What `smtpconn_options` points to.
final class OptionsHandle: KeepsLastError {
  var options = Options()
  var lastError: ErrorHandle?
  let texts = LastCTexts()
}

typealias OptionsPointer = Handle<OptionsHandle>

@_cdecl("smtpconn_options_new") @implementation
public func smtpconn_options_new() -> OpaquePointer? {
  unsafe OptionsPointer.make(OptionsHandle())
}

@_cdecl("smtpconn_options_free") @implementation
public func smtpconn_options_free(_ options: OpaquePointer?) {
  unsafe OptionsPointer.release(options)
}

@_cdecl("smtpconn_options_last_error") @implementation
public func smtpconn_options_last_error(_ options: OpaquePointer?) -> OpaquePointer? {
  unsafe OptionsPointer.borrow(options)?.lastErrorView
}

// MARK: Helpers for the setters and getters of the other files

/// What connections made from these options have learned of TLS is forgotten, unless
/// the option has nothing to do with that: `keepsTLS`.
///
/// What the change lets go of is let go of after it: a release function of the caller's
/// may set the same option again, or free the options.
///
/// Not optimized, because the compiler would make one of this for each option.
@_optimize(none)
func setOption(
  _ options: OpaquePointer?, keepsTLS: Bool = false,
  _ change: (inout Options) throws(Failure) -> Void
) -> CInt {
  guard let handle = unsafe OptionsPointer.borrow(options) else { return nullHandle }
  let before = handle.options
  defer { withExtendedLifetime(before) {} }
  return handle.perform { () throws(Failure) in
    try change(&handle.options)
    if !keepsTLS { handle.options.forgetTLS() }
  }
}

func getText(
  _ options: OpaquePointer?, _ getter: StaticString = #function, _ value: (Options) -> [UInt8]?
) -> UnsafePointer<CChar>? {
  guard let handle = unsafe OptionsPointer.borrow(options) else { return nil }
  return unsafe handle.texts.hold(value(handle.options), of: getter)
}

func getFlag(_ options: OpaquePointer?, _ value: (Options) -> Bool) -> CInt {
  guard let handle = unsafe OptionsPointer.borrow(options) else { return 0 }
  return value(handle.options) ? 1 : 0
}

func setLimit(_ options: OpaquePointer?, _ limit: Limit, _ milliseconds: UInt32) -> CInt {
  unsafe setOption(options, keepsTLS: true) { (options) throws(Failure) in
    try options.setLimit(limit, milliseconds: milliseconds)
  }
}

func getLimit(_ options: OpaquePointer?, _ limit: Limit) -> UInt32 {
  guard let handle = unsafe OptionsPointer.borrow(options) else { return 0 }
  return handle.options.limits[limit]
}
