import CSMTPConn
import SMTPConnection
import SMTPProtocol
import SMTPTransport

// A URL of a server: `smtps://ann@mail.example.org` (RFC 3986).

@_cdecl("smtpconn_options_set_url") @implementation
public func smtpconn_options_set_url(
  _ options: OpaquePointer?, _ url: UnsafePointer<CChar>?, _ auth: OpaquePointer?
) -> CInt {
  guard let handle = unsafe OptionsPointer.borrow(options) else { return nullHandle }
  let before = handle.options
  defer { withExtendedLifetime(before) {} }
  // It may hold a password.
  let text = Secret(unsafe cBytes(url) ?? [], OpenSSLCryptography())
  let result = handle.perform { () throws(Failure) in
    let parts = ServerURL()
    try parts.read(text.bytes[...])
    if parts.user != nil, unsafe auth == nil {
      throw refusal("the URL has a user name, and there is no `auth` for it")
    }
    try unsafe parts.apply(to: options, handle)
    guard let user = parts.user, let auth = unsafe authToChange(auth) else { return }
    auth.identity.credentials.user = user
    if let password = parts.password { auth.identity.credentials.password = password }
  }
  if result != 0 { handle.options = before }
  return result
}

@inline(never)
private func refusal(_ text: StaticString) -> Failure {
  Failure(.options, ErrorText(bytes: Bytes.of(text)))
}

/// The parts of a URL. No error quotes what may belong to a password.
///
/// One after the other and none inlined: it is cold.
private final class ServerURL {
  private(set) var user: Secret?
  private(set) var password: Secret?
  private var scheme = 0
  private var server: ArraySlice<UInt8> = []
  private var path: ArraySlice<UInt8> = []

  private var isLMTP: Bool { scheme >= 4 }
  private var isUnix: Bool { scheme == 3 || scheme == 6 }
  private var needsTLS: Bool { scheme == 2 || scheme == 5 }

  @inline(never)
  func read(_ url: ArraySlice<UInt8>) throws(Failure) {
    var rest = url
    let word = Bytes.uppercased(Array(cut(&rest, before: ":")))
    guard rest.count > 2, Array(rest.prefix(3)) == Bytes.of("://") else {
      throw refusal("the URL must begin with a scheme and //, as smtp://mail.example.org")
    }
    guard
      let known = place(
        word, in: "SMTP SMTPS SMTP+STARTTLS SMTP+UNIX LMTP LMTP+STARTTLS LMTP+UNIX")
    else {
      throw refusal(
        "the scheme of the URL must be one of smtp, smtps, smtp+starttls, smtp+unix, lmtp, lmtp+starttls, lmtp+unix"
      )
    }
    scheme = known
    if Self.hasUnseen(Array(url)) {
      throw refusal("the URL holds a blank or a control character: percent-encode it")
    }
    rest = rest.dropFirst(3)
    server = cut(&rest, before: "/?#")
    // What was meant as a password may have ended at its "/", "?" or "#".
    if rest.contains(.at) || rest.contains(.hash) {
      throw refusal(
        "the URL has \"#\", or \"@\" after the host: percent-encode these and \"/\" and \"?\" where they belong to a user name, a password or a value"
      )
    }
    path = cut(&rest, before: "?")
    if !rest.isEmpty {
      throw refusal("the URL has parameters after \"?\": set these options with their functions")
    }
    guard let at = server.lastIndex(of: .at) else { return }
    var login = server[..<at]
    server = server[(at + 1)...]
    let name = cut(&login, before: ":")
    if name.isEmpty { throw refusal("the URL has no user name before \"@\"") }
    user = try decoded(name, "the user name")
    if !login.isEmpty { password = try decoded(login.dropFirst(), "the password") }
  }

  /// Blanks and control characters, U+0080 to U+00A0, U+2028 and U+2029 too: some programs
  /// drop them, and so would read another URL.
  @inline(never)
  private static func hasUnseen(_ url: [UInt8]) -> Bool {
    var (first, second): (UInt8, UInt8) = (0, 0)
    for byte in url {
      if byte <= 0x20 || byte == .delete { return true }
      if second == 0xC2, byte >= 0x80, byte <= 0xA0 { return true }
      if first == 0xE2, second == 0x80, byte == 0xA8 || byte == 0xA9 { return true }
      (first, second) = (second, byte)
    }
    return false
  }

  // MARK: Options

  @inline(never)
  func apply(to options: OpaquePointer?, _ handle: OptionsHandle) throws(Failure) {
    if isLMTP { _ = unsafe smtpconn_options_set_lmtp(options, 1) }
    // Port 465 would turn `secure` on.
    if scheme == 1 || needsTLS {
      _ = unsafe smtpconn_options_set_secure(options, needsTLS ? 0 : 1)
    }
    if needsTLS { _ = unsafe smtpconn_options_set_require_tls(options, 1) }
    let result: CInt
    if isUnix {
      if !server.isEmpty {
        throw refusal("the URL of a Unix domain socket has no host: write three slashes")
      }
      if path.count < 2 {
        throw refusal("the URL of a Unix domain socket needs the path of the socket")
      }
      result = try unsafe give(path, "the path", options, smtpconn_options_set_socket_path)
    } else {
      result = try unsafe applyHost(options)
    }
    if result != 0 { throw handle.lastError?.failure ?? refusal("the URL cannot be used") }
  }

  @inline(never)
  private func applyHost(_ options: OpaquePointer?) throws(Failure) -> CInt {
    var rest = server
    let isBracketed = rest.first == .openBracket
    if isBracketed { rest = rest.dropFirst() }
    let inner = cut(&rest, before: isBracketed ? "[]" : "[]:")
    if isBracketed, rest.popFirst() != .closeBracket { rest = [.closeBracket] }
    let port = rest.dropFirst()
    guard rest.isEmpty || rest.first == .colon, !port.contains(.colon) else {
      throw refusal("the host of the URL is wrong; an IPv6 address is written in brackets")
    }
    if inner.isEmpty {
      throw refusal(
        "the URL has no host; that of a Unix domain socket begins with smtp+unix:// or lmtp+unix://"
      )
    }
    if isBracketed, !inner.contains(.colon) {
      throw refusal("the URL has brackets around what is no IPv6 address")
    }
    // RFC 3986 section 3.2.3 allows an empty port. 587 is that of submission (RFC 6409 section
    // 3.1).
    var number: UInt64 = scheme == 2 ? 587 : 0
    if !port.isEmpty {
      guard port.count <= 5, let given = Bytes.number(Array(port)), (1...65535).contains(given)
      else { throw refusal("the port of the URL must be a number from 1 to 65535") }
      number = given
    }
    guard path.isEmpty || path == [.slash] else {
      throw refusal(
        "the URL of a host has no path; that of a Unix domain socket begins with smtp+unix:// or lmtp+unix://"
      )
    }
    if number != 0 {
      _ = unsafe smtpconn_options_set_port(options, CInt(truncatingIfNeeded: number))
    }
    return try unsafe give(inner, "the host", options, smtpconn_options_set_host)
  }

  @inline(never)
  private func give(
    _ text: ArraySlice<UInt8>, _ what: StaticString, _ options: OpaquePointer?,
    _ set: (OpaquePointer?, UnsafePointer<CChar>?) -> CInt
  ) throws(Failure) -> CInt {
    let value = try decoded(text, what, isText: !isUnix)
    value.append(0)
    return unsafe value.bytes.withUnsafeBytes {
      unsafe set(options, $0.baseAddress?.assumingMemoryBound(to: CChar.self))
    }
  }

  // MARK: Octets

  /// Without a copy: it may be a secret.
  private static func isUTF8(_ bytes: [UInt8]) -> Bool {
    do {
      _ = try UTF8Span(validating: bytes.span)
      return true
    } catch {
      return false
    }
  }

  /// RFC 3986 section 2.1.
  @inline(never)
  private func decoded(
    _ text: ArraySlice<UInt8>, _ what: StaticString, isText: Bool = true
  ) throws(Failure) -> Secret {
    let result = Secret(capacity: text.count + 1, OpenSSLCryptography())
    var rest = text
    while let octet = rest.popFirst() {
      guard octet == .percent else {
        result.append(octet)
        continue
      }
      guard rest.count > 1, let value = Bytes.value(ofHexadecimal: rest.prefix(2)) else {
        throw refusal(Bytes.of("\"%\" in "), what, " of the URL must begin two hexadecimal digits")
      }
      result.append(UInt8(truncatingIfNeeded: value))
      rest = rest.dropFirst(2)
    }
    // Without a copy: it may be a secret.
    if isText, !Self.isUTF8(result.bytes) { throw refusal([], what, " in the URL is not UTF-8") }
    // A C string would end there.
    if result.bytes.contains(0) { throw refusal([], what, " in the URL has a NUL") }
    return result
  }
}

@inline(never)
private func refusal(_ start: [UInt8], _ what: StaticString, _ end: StaticString) -> Failure {
  Failure(.options, ErrorText(bytes: start + Bytes.of(what) + Bytes.of(end)))
}

/// What is before the first of these octets, which is what stays.
@inline(never)
private func cut(
  _ text: inout ArraySlice<UInt8>, before stops: StaticString
) -> ArraySlice<UInt8> {
  let stops = Bytes.of(stops)
  let end = text.firstIndex { stops.contains($0) } ?? text.endIndex
  let part = text[..<end]
  text = text[end...]
  return part
}

/// The place of a word in a list with blanks, in the same case.
@inline(never)
private func place(_ word: [UInt8], in list: StaticString) -> Int? {
  Bytes.of(list).split(separator: .space).firstIndex { $0 == word[...] }
}
