import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

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

// MARK: Helpers for the setters and getters of the generated files

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

func getNumber(_ options: OpaquePointer?, _ value: (Options) -> Int) -> CInt {
  guard let handle = unsafe OptionsPointer.borrow(options) else { return 0 }
  return CInt(truncatingIfNeeded: value(handle.options))
}

/// The number that was set: the caller's own, not that of the duplicate.
func getDescriptor(_ options: OpaquePointer?, _ value: (Options) -> GivenSocket?) -> CInt {
  guard let handle = unsafe OptionsPointer.borrow(options) else { return -1 }
  return value(handle.options)?.given ?? -1
}

/// The path, when it is one.
func path(_ pem: TLSConfiguration.PEM?) -> [UInt8]? {
  if case .file(let path) = pem { path } else { nil }
}

/// The PEM text, when it is one.
func pem(_ pem: TLSConfiguration.PEM?) -> [UInt8]? {
  if case .text(let text) = pem { text.bytes } else { nil }
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
