import Foundation
import SMTPProtocol

@testable import SMTPTransport

/// Certificates made by the openssl command, once for all tests.
struct Certificates {
  let folder: String

  static let shared = Certificates()

  private static var location: String { NSTemporaryDirectory() + "smtpconn-tls-\(getpid())" }

  private init() {
    folder = Certificates.location
    atexit { try? FileManager.default.removeItem(atPath: Certificates.location) }
    try? FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    selfSigned("ca", "/CN=Test Authority", [])
    selfSigned("self", "/CN=localhost", ["subjectAltName=DNS:localhost"])
    leaf("good", "/CN=ignored", "DNS:mail.example.com,DNS:localhost,IP:127.0.0.1")
    leaf("many", "/CN=x", (1...7).map { "DNS:h\($0).example" }.joined(separator: ","))
    leaf("wild", "/CN=x", "DNS:*.example.com")
    leaf("nameless", "/CN=localhost", nil)
    leaf("expired", "/CN=x", "DNS:localhost", expired: true)
  }

  func path(_ name: String) -> String { "\(folder)/\(name)" }

  private func selfSigned(_ name: String, _ subject: String, _ extensions: [String]) {
    openssl(
      ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        + ["-keyout", path("\(name).key"), "-out", path("\(name).pem"), "-days", "30"]
        + ["-subj", subject] + extensions.flatMap { ["-addext", $0] })
  }

  private func leaf(_ name: String, _ subject: String, _ names: String?, expired: Bool = false) {
    openssl(
      ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        + ["-keyout", path("\(name).key"), "-out", path("\(name).csr"), "-subj", subject])
    let extensions = names.map { "subjectAltName=\($0)\n" } ?? "keyUsage=digitalSignature\n"
    write("\(name).ext", extensions)
    write("\(name).db", "")
    write(
      "\(name).cnf",
      """
      [ca]
      default_ca = one
      [one]
      database = \(path("\(name).db"))
      new_certs_dir = \(folder)
      rand_serial = yes
      default_md = sha256
      policy = any
      [any]
      commonName = optional
      """)
    let dates =
      expired ? ["20200101000000Z", "20200201000000Z"] : ["20200101000000Z", "20491231000000Z"]
    openssl(
      ["ca", "-batch", "-notext", "-config", path("\(name).cnf")]
        + ["-cert", path("ca.pem"), "-keyfile", path("ca.key"), "-in", path("\(name).csr")]
        + ["-out", path("\(name).pem"), "-extfile", path("\(name).ext")]
        + ["-startdate", dates[0], "-enddate", dates[1]])
  }

  /// A file with this policy.
  func configuration(_ policy: String) -> String {
    let name = "policy-\(policy.filter { $0.isLetter }).cnf"
    write(
      name,
      "openssl_conf = one\n[one]\nssl_conf = two\n[two]\nsystem_default = three\n[three]\n"
        + policy + "\n")
    return path(name)
  }

  private func write(_ name: String, _ content: String) {
    try? content.write(toFile: path(name), atomically: false, encoding: .utf8)
  }

  private func openssl(_ arguments: [String]) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    // The end of its output is the end of the command; Foundation's
    // waitUntilExit needs a run loop, and may miss the end without one.
    let output = Foundation.Pipe()
    process.standardOutput = output
    guard (try? process.run()) != nil else { return }
    _ = try? output.fileHandleForReading.readToEnd()
  }
}

/// `openssl s_server` on a port that the kernel chose. Sends each line back
/// reversed, or prints what it knows of the connection.
final class TLSServer {
  let address: SocketAddress
  private let process = Process()
  private let output = Foundation.Pipe()

  /// `policy`: what openssl.cnf says of TLS.
  init?(
    _ certificate: String, _ options: [String] = [], policy: String? = nil, reverses: Bool = true
  ) {
    let certificates = Certificates.shared
    if let policy {
      process.environment = ["OPENSSL_CONF": certificates.configuration(policy)]
    }
    process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    process.arguments =
      ["s_server", "-accept", "127.0.0.1:0", "-naccept", "1"]
      + (reverses ? ["-rev"] : [])
      + ["-cert", certificates.path("\(certificate).pem")]
      + ["-key", certificates.path("\(certificate).key")] + options
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    // Its end would be the end of a server that prints.
    if reverses {
      process.standardInput = FileHandle.nullDevice
    } else {
      process.standardInput = Foundation.Pipe()
    }
    guard (try? process.run()) != nil else { return nil }

    // "ACCEPT 127.0.0.1:40123" is the line for a listening server, with its port.
    var said = ""
    while !said.contains("ACCEPT") || !said.hasSuffix("\n") {
      let data = output.fileHandleForReading.availableData
      if data.isEmpty { return nil }
      said += String(decoding: data, as: UTF8.self)
    }
    guard let line = said.split(separator: "\n").first(where: { $0.hasPrefix("ACCEPT") }),
      let port = line.split(separator: ":").last.flatMap({ UInt16($0) }),
      let address = SocketAddress(numeric: bytes("127.0.0.1"), port: port)
    else { return nil }
    self.address = address
  }

  /// What it prints after this word on the same line.
  func printed(after word: String) -> String? {
    var said = ""
    while true {
      let lines = said.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      if let line = lines.first(where: { $0.contains(word) }), let found = line.range(of: word) {
        return line[found.upperBound...].trimmingCharacters(in: .whitespaces)
      }
      let data = output.fileHandleForReading.availableData
      if data.isEmpty { return nil }
      said += String(decoding: data, as: UTF8.self)
    }
  }

  /// Not `terminate`: the threads that run tests block SIGTERM, and a child
  /// inherits that.
  deinit { _ = kill(process.processIdentifier, SIGKILL) }
}
