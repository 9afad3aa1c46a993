import CSMTPConn
import SMTPProtocol
import SMTPTransport

/// Calls the caller's release function when the last user lets go.
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

/// Memory that stays with the caller, read from its beginning.
@safe final class BorrowedSource: ContentSource {
  private let octets: UnsafeBufferPointer<UInt8>
  private let release: Release
  private var offset = 0

  init(_ octets: UnsafeBufferPointer<UInt8>, _ release: Release) {
    unsafe self.octets = octets
    self.release = release
  }

  func next(limit: Int, _ body: (Span<UInt8>) -> Void) -> SourceOutcome {
    let count = min(limit, unsafe octets.count - offset)
    guard count > 0 else { return .end }
    let chunk = unsafe UnsafeBufferPointer(rebasing: octets[offset..<(offset + count)])
    offset += count
    unsafe body(chunk.span)
    return .bytes(count)
  }

  func again() -> (any ContentSource)? { unsafe BorrowedSource(octets, release) }
}

/// The caller's read function.
@safe final class ReaderSource: ContentSource {
  private let read: smtpconn_read_callback
  private let user: UnsafeMutableRawPointer?
  private let release: Release
  private var buffer: [UInt8] = []

  init(
    _ read: smtpconn_read_callback, _ user: UnsafeMutableRawPointer?, _ release: Release
  ) {
    unsafe self.read = read
    unsafe self.user = user
    self.release = release
  }

  func next(limit: Int, _ body: (Span<UInt8>) -> Void) -> SourceOutcome {
    if buffer.count < limit { buffer = [UInt8](repeating: 0, count: limit) }
    let count = unsafe buffer.withUnsafeMutableBufferPointer { pointer in
      unsafe read(pointer.baseAddress, pointer.count, user)
    }
    switch count {
    case 1...buffer.count:
      let octets = buffer
      body(octets.span.extracting(first: count))
      return .bytes(count)
    case Int(SMTPCONN_READ_END): return .end
    case Int(SMTPCONN_READ_PAUSE): return .pause
    case Int(SMTPCONN_READ_ERROR): return .failed("the read callback gave an error")
    default: return .failed("the read callback returned \(count), which it must not")
    }
  }
}
