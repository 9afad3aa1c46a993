import CSystem
import SMTPProtocol

/// A local or remote address of a socket: a value of sockaddr_storage.
@safe package struct SocketAddress {
  private var storage = sockaddr_storage()
  private var length: socklen_t = 0

  /// Of family AF_UNSPEC, for what has no name.
  static var unspecified: SocketAddress { SocketAddress() }

  private init() {}

  /// Copies what a system call handed out; nil when it is not a socket address.
  init?(_ address: UnsafePointer<sockaddr>?, length: socklen_t) {
    let size = Int(length)
    guard let address = unsafe address, size >= MemoryLayout<sa_family_t>.size,
      size <= MemoryLayout<sockaddr_storage>.size
    else { return nil }
    unsafe withUnsafeMutableBytes(of: &storage) { storage in
      unsafe storage.copyMemory(from: UnsafeRawBufferPointer(start: address, count: size))
    }
    self.length = length
  }

  /// A numeric IPv4 or IPv6 address, IPv6 with or without brackets.
  package init?(numeric: [UInt8], port: UInt16) {
    var host = numeric
    if host.first == .openBracket, host.last == .closeBracket {
      host = Array(host.dropFirst().dropLast())
    }
    guard !host.isEmpty, !host.contains(0) else { return nil }
    let hasScope = host.contains(.percent)
    host.append(0)
    let text = host.map { CChar(bitPattern: $0) }

    var four = sockaddr_in()
    if unsafe inet_pton(AF_INET, text, &four.sin_addr) == 1 {
      four.sin_family = sa_family_t(AF_INET)
      four.sin_port = port.bigEndian
      self.init(copying: four)
      return
    }
    var six = sockaddr_in6()
    if unsafe inet_pton(AF_INET6, text, &six.sin6_addr) == 1 {
      six.sin6_family = sa_family_t(AF_INET6)
      six.sin6_port = port.bigEndian
      self.init(copying: six)
      return
    }
    // "fe80::1%eth0": only getaddrinfo knows the numbers of interfaces.
    guard hasScope, let scoped = SocketAddress.lookUpNumeric(text, port: port) else { return nil }
    self = scoped
  }

  /// A Unix domain socket; nil when the path is empty or too long.
  package init?(path: [UInt8]) {
    var address = sockaddr_un()
    let offset = MemoryLayout<sa_family_t>.size
    guard !path.isEmpty, !path.contains(0),
      path.count < MemoryLayout<sockaddr_un>.size - offset
    else { return nil }
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address) { bytes in
      for (index, byte) in path.enumerated() { unsafe bytes[offset + index] = byte }
    }
    self.init(copying: address)
  }

  private init?<Address>(copying address: Address) {
    let copy = unsafe withUnsafePointer(to: address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe SocketAddress($0, length: socklen_t(MemoryLayout<Address>.size))
      }
    }
    guard let copy else { return nil }
    self = copy
  }

  private static func lookUpNumeric(_ text: [CChar], port: UInt16) -> SocketAddress? {
    var hints = unsafe addrinfo()
    unsafe hints.ai_flags = AI_NUMERICHOST
    unsafe hints.ai_family = AF_INET6
    var result: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(text, nil, &hints, &result) == 0, let first = unsafe result else {
      return nil
    }
    defer { unsafe freeaddrinfo(first) }
    var address = unsafe SocketAddress(first.pointee.ai_addr, length: first.pointee.ai_addrlen)
    address?.setPort(port)
    return address
  }

  /// Both internet families keep the port in the same place.
  private mutating func setPort(_ port: UInt16) {
    guard isIPv4 || isIPv6 else { return }
    unsafe withUnsafeMutableBytes(of: &storage) { bytes in
      unsafe bytes.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
    }
  }

  // MARK: Properties

  var family: Int32 { Int32(storage.ss_family) }
  package var isIPv6: Bool { family == AF_INET6 }
  package var isLocalSocket: Bool { family == AF_UNIX }
  var isIPv4: Bool { family == AF_INET }

  /// 127/8, ::1, IPv4 loopback mapped into IPv6, or a Unix domain socket: octets
  /// sent there do not leave this machine.
  package var isLoopback: Bool {
    if family == AF_UNIX { return true }
    if let four = octetsOfIPv4 { return four.first == 127 }
    guard isIPv6 else { return false }
    let octets = addressOctets
    return octets.dropLast().allSatisfy { $0 == 0 } && octets.last == 1
  }

  /// "192.0.2.1:25" or "[2001:db8::1]:25"; the path of a Unix domain socket.
  package var description: String {
    switch family {
    case AF_INET: return ErrorText("\(hostText):\(port)").text
    case AF_INET6: return ErrorText("[\(hostText)]:\(port)").text
    case AF_UNIX:
      let path = octets(2..<max(2, Int(length))).prefix { $0 != 0 }
      return path.isEmpty ? "local socket" : Bytes.printable(Array(path)).text
    default: return "unknown address"
    }
  }

  /// An address literal (RFC 5321 section 4.1.3): "[192.0.2.1]",
  /// "[IPv6:2001:db8::1]". Empty for what is no internet address.
  package var literal: [UInt8] {
    if let four = octetsOfIPv4 {
      return Bytes.of("[") + Bytes.joined(four.map { Bytes.decimal($0) }, ".") + [.closeBracket]
    }
    guard isIPv6 else { return [] }
    // The number of an interface means nothing to the server.
    let text = numericHost.prefix { $0 != .percent }
    return Bytes.of("[IPv6:") + text + [.closeBracket]
  }

  package var numericHost: [UInt8] { Array(hostText.utf8) }

  /// The numeric address alone, with the scope if it has one.
  private var hostText: String {
    var buffer = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let result = unsafe withPointer { address, length in
      unsafe getnameinfo(
        address, length, &buffer, socklen_t(buffer.count), nil, 0, NI_NUMERICHOST)
    }
    guard result == 0 else { return "?" }
    return unsafe buffer.withUnsafeBufferPointer { text in
      guard let base = text.baseAddress else { return "?" }
      return unsafe String(cString: base)
    }
  }

  package var port: UInt16 {
    let octets = octets(2..<4)
    guard isIPv4 || isIPv6, octets.count == 2 else { return 0 }
    return UInt16(octets[0]) << 8 | UInt16(octets[1])
  }

  /// Without the scope.
  package var addressOctets: [UInt8] {
    isIPv4 ? octets(4..<8) : isIPv6 ? octets(8..<24) : []
  }

  /// Of an IPv4 address, or of one mapped into IPv6 (RFC 4291 section 2.5.5.2).
  private var octetsOfIPv4: [UInt8]? {
    let octets = addressOctets
    if isIPv4 { return octets }
    guard octets.count == 16, octets[..<10].allSatisfy({ $0 == 0 }), octets[10] == 0xFF,
      octets[11] == 0xFF
    else { return nil }
    return Array(octets[12...])
  }

  /// Octets of the structure, as far as it is filled.
  private func octets(_ range: Range<Int>) -> [UInt8] {
    unsafe withUnsafeBytes(of: storage) { bytes in
      let end = min(range.upperBound, Int(length), bytes.count)
      guard range.lowerBound < end else { return [] }
      return unsafe Array(bytes[range.lowerBound..<end])
    }
  }

  func isEqual(to other: SocketAddress) -> Bool {
    guard length == other.length else { return false }
    return unsafe withUnsafeBytes(of: storage) { mine in
      unsafe withUnsafeBytes(of: other.storage) { theirs in
        let count = min(Int(length), mine.count)
        return unsafe mine.prefix(count).elementsEqual(theirs.prefix(count))
      }
    }
  }

  /// fe80::/10 (RFC 4291 section 2.5.6) without a zone: the link is not known, and the
  /// system refuses it.
  package var lacksZone: Bool {
    let octets = addressOctets
    guard isIPv6, octets.count == 16, octets[0] == 0xFE, octets[1] & 0xC0 == 0x80 else {
      return false
    }
    return self.octets(24..<28).allSatisfy { $0 == 0 }
  }

  // MARK: For system calls

  /// The local address of a socket.
  static func ofSocket(_ descriptor: Int32) -> SocketAddress? {
    unsafe SocketAddress(filledBy: { unsafe getsockname(descriptor, $0, $1) })
  }

  func withPointer<Value>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
    unsafe withUnsafePointer(to: storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, length) }
    }
  }

  /// The result of getsockname or getpeername.
  init?(filledBy call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32) {
    var room = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe call($0, &room) }
    }
    guard result == 0, Int(room) <= MemoryLayout<sockaddr_storage>.size else { return nil }
    length = room
  }
}
