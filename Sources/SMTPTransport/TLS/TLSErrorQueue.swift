import COpenSSL

/// What OpenSSL put into its error queue during the call that failed.
struct TLSErrorQueue {
  /// The reason code of the first error, which is nearest to the cause; 0 for
  /// an error of the system or none.
  var reason: Int32 = 0
  var text = "no reason given"

  /// Takes the errors out of the queue of this thread.
  static func drain() -> TLSErrorQueue {
    var result = TLSErrorQueue()
    let first = ERR_get_error()
    guard first != 0 else { return result }
    if copenssl_is_system_error(first) != 0 {
      result.text = Errno(code: Int32(truncatingIfNeeded: first & 0x7FFF_FFFF)).text
    } else {
      result.reason = ERR_GET_REASON(first)
      if let text = unsafe ERR_reason_error_string(first) {
        result.text = unsafe String(cString: text)
      } else {
        result.text = "error \(first)"
      }
    }
    ERR_clear_error()
    return result
  }
}
