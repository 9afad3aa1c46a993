import CSMTPConn
import SMTPProtocol
import SMTPTransport

/// Calls the release callback when the last reference is gone.
@safe final class Release {
  private let callback: smtpconn_release_callback?
  private let user: UnsafeMutableRawPointer?

  init(_ callback: smtpconn_release_callback?, _ user: UnsafeMutableRawPointer?) {
    unsafe self.callback = callback
    unsafe self.user = user
  }

  deinit {
    if let callback = unsafe callback { unsafe callback(user) }
  }
}

/// Memory of the caller, whose release callback is called when the last reference is gone.
@safe final class BorrowedSource: ContentSource {
  private let octets: UnsafeBufferPointer<UInt8>
  private let release: smtpconn_release_callback?
  private let user: UnsafeMutableRawPointer?
  let survey: ContentSurvey?

  init(
    _ octets: UnsafeBufferPointer<UInt8>, _ release: smtpconn_release_callback?,
    _ user: UnsafeMutableRawPointer?
  ) {
    unsafe self.octets = octets
    unsafe self.release = release
    unsafe self.user = user
    survey = unsafe ContentSurvey(lookingAt: octets.span)
  }

  deinit {
    if let release = unsafe release { unsafe release(user) }
  }

  func read(from offset: Int, _ body: (Span<UInt8>) -> Void) -> SourceOutcome {
    guard offset >= 0, unsafe offset < octets.count else { return .end }
    unsafe body(octets.span.extracting(offset..<octets.count))
    return .content
  }
}

/// The caller's read function.
@safe final class CallbackReader: BlockReader {
  private let read: smtpconn_read_callback
  private let user: UnsafeMutableRawPointer?
  private let release: Release

  init(
    _ read: smtpconn_read_callback, _ user: UnsafeMutableRawPointer?, _ release: Release
  ) {
    unsafe self.read = read
    unsafe self.user = user
    self.release = release
  }

  func fill(_ room: inout [UInt8]) -> BlockOutcome {
    let count = unsafe room.withUnsafeMutableBufferPointer { room in
      unsafe read(room.baseAddress, room.count, user)
    }
    switch count {
    case 1...room.count: return .octets(count)
    case Int(SMTPCONN_READ_END): return .end
    case Int(SMTPCONN_READ_PAUSE): return .pause
    case Int(SMTPCONN_READ_ERROR): return .failed("the read callback reported an error")
    default: return .failed("the read callback returned \(count), which is not a valid result")
    }
  }

  var errno: Int32 { 0 }

  /// `smtpconn_resume` continues it.
  func start(loop: EventLoop, onReady: @escaping () -> Void) {}
  func stop() {}
}
