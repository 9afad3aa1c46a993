import CSMTPConn
import CSystem
import Foundation
import Synchronization

/// A server on a thread of its own that plays a fixed dialogue on one
/// connection: each step sends a text, then reads one line (or, for `.content`,
/// everything up to the final dot).
final class TestServer: Sendable {
  enum Step: Sendable {
    case reply(String)
    case line
    case content
    /// Closes, whatever the client has to say.
    case hangUp
  }

  let port: CInt
  private let listener: Int32
  private let received = Mutex<[String]>([])
  private let done = DispatchSemaphore(value: 0)

  init(_ steps: [Step]) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    self.listener = listener
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        _ = bind(listener, generic, length)
        _ = getsockname(listener, generic, &length)
      }
    }
    listen(listener, 8)
    port = CInt(UInt16(bigEndian: address.sin_port))
    Thread { [self] in
      play(steps)
      done.signal()
    }.start()
  }

  deinit { close(listener) }

  /// What the client sent, after it closed.
  func finish() -> [String] {
    done.wait()
    return received.withLock { $0 }
  }

  private func play(_ steps: [Step]) {
    let peer = accept(listener, nil, nil)
    defer { close(peer) }
    var buffer = Data()
    func read(until end: String) -> String? {
      while true {
        if let range = buffer.range(of: Data(end.utf8)) {
          let text = String(decoding: buffer[..<range.upperBound], as: UTF8.self)
          buffer = Data(buffer[range.upperBound...])
          return text
        }
        var chunk = [UInt8](repeating: 0, count: 4096)
        let count = recv(peer, &chunk, chunk.count, 0)
        guard count > 0 else { return nil }
        buffer.append(contentsOf: chunk[..<count])
      }
    }
    for step in steps {
      switch step {
      case .reply(let text):
        let octets = Array(text.utf8)
        _ = send(peer, octets, octets.count, Int32(MSG_NOSIGNAL))
      case .line:
        guard let line = read(until: "\r\n") else { return }
        received.withLock { $0.append(line) }
      case .content:
        guard let text = read(until: "\r\n.\r\n") else { return }
        received.withLock { $0.append(text) }
      case .hangUp:
        return
      }
    }
    // The client closes first; what it still sends is kept.
    while let line = read(until: "\r\n") { received.withLock { $0.append(line) } }
  }

  /// Greeting and EHLO with PIPELINING.
  static let opening: [Step] = [
    .reply("220 ready\r\n"), .line, .reply("250-host\r\n250-PIPELINING\r\n250 SIZE 1000\r\n"),
  ]

  /// One message to `recipients` recipients, all accepted.
  static func message(recipients: Int = 1) -> [Step] {
    [.line] + Array(repeating: .line, count: recipients)
      + [
        .line, .reply(String(repeating: "250 ok\r\n", count: recipients + 1) + "354 go\r\n"),
        .content, .reply("250 2.0.0 Ok: queued as 4F2A\r\n"),
      ]
  }

  static let goodbye: [Step] = [.line, .reply("221 bye\r\n")]
}
