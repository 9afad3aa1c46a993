import CSystem
import SMTPProtocol
import Testing

@testable import SMTPTransport

/// Channel binding of a TLS connection; tls-unique and tls-server-end-point are compared with those
/// of a server in Tests/scripted/test_scram_plus.py, and of Cyrus in Tests/interop.
@Suite struct ChannelBindingTests {
  private let loop: EventLoop

  init() throws { loop = try #require(EventLoop()) }

  private func session(_ options: [String], policy: String? = nil) throws -> TLSSession {
    try session(with: #require(TLSServer("good", options, policy: policy)))
  }

  private func session(with server: TLSServer) throws -> TLSSession {
    let configuration = TLSConfiguration(
      authorities: .file(bytes(Certificates.shared.path("ca.pem"))), rejectUnauthorized: false)
    let context = try TLSContext.make(configuration).get()
    let socket = try #require(connect(loop, to: server.address))
    defer { socket.close() }
    let session = try #require(TLSSession(context, over: .socket(socket.descriptor)))
    _ = session.expect(try #require(TLSPeerName(bytes("localhost"))))
    while true {
      switch session.handshake() {
      case .wantsRead:
        var entry = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
        let isReady = unsafe poll(&entry, 1, 20_000) == 1
        try #require(isReady)
      case .done: return session
      case let step: throw Failure(.tls, "\(String(describing: step))")
      }
    }
  }

  private func text(_ binding: ChannelBinding) -> String {
    switch binding {
    case .none: "none"
    case .available(let kind, let octets): "\(kind) \(octets.count)"
    case .missing(let kind): "no \(kind)"
    }
  }

  /// RFC 9266 section 3: tls-unique without the extended master secret can be the same on two
  /// connections.
  @Test(
    arguments: [
      ("-tls1_3", nil, "exporter 32"), ("-tls1_2", nil, "unique 12"),
      ("-tls1_2", "Options = -ExtendedMasterSecret", "endPoint 32"),
    ] as [(String, String?, String)])
  func `the best one`(_ version: String, _ policy: String?, _ best: String) throws {
    let session = try session([version], policy: policy)
    #expect(text(session.binding(.automatic)) == best)
    #expect(text(session.binding(.off)) == "none")
    #expect(text(session.binding(.only(.endPoint))) == "endPoint 32")
    #expect(
      text(session.binding(.only(.exporter)))
        == (version == "-tls1_3" ? "exporter 32" : "no exporter"))
    // The one of TLS 1.3 is not registered, so somebody must ask for it.
    // There it is as long as the hash of the cipher suite.
    #expect(
      text(session.binding(.only(.unique))) == (version == "-tls1_3" ? "unique 48" : "unique 12"))
  }

  @Test func `two connections have different ones, and one the same for ever`() throws {
    let (one, two) = (try session(["-tls1_3"]), try session(["-tls1_3"]))
    for kind in [ChannelBinding.Kind.exporter, .unique] {
      guard case .available(_, let first) = one.binding(.only(kind)),
        case .available(_, let again) = one.binding(.only(kind)),
        case .available(_, let other) = two.binding(.only(kind))
      else {
        Issue.record("no \(kind)")
        return
      }
      #expect(first == again)
      #expect(first != other)
    }
  }

  /// RFC 9266 section 2: the label, 32 octets.
  @Test func `the server exports the same`() throws {
    let options = [
      "-tls1_3", "-keymatexport", "EXPORTER-Channel-Binding", "-keymatexportlen", "32",
    ]
    let server = try #require(TLSServer("good", options, reverses: false))
    guard case .available(_, let octets) = try session(with: server).binding(.only(.exporter))
    else {
      Issue.record("none")
      return
    }
    let expected = server.printed(after: "Keying material:")?.lowercased()
    #expect(String(decoding: Bytes.hexadecimal(octets), as: UTF8.self) == expected)
  }

  @Test func `names`() {
    for kind in ChannelBinding.Kind.allCases { #expect(ChannelBinding.Kind(kind.name) == kind) }
    #expect(ChannelBinding.Kind(bytes("tls-best")) == nil)
  }
}
