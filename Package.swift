// swift-tools-version: 6.2
import PackageDescription

/// Ordinary Swift, for the tests, sanitizers and debuggers. The library that is shipped is
/// compiled from the same sources by the Makefile, in the Embedded mode.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

/// Calls through the C header are unsafe without exception: marking each would
/// say nothing.
let cSurfaceSettings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "smtpconn",
  products: [.library(name: "smtpconn", type: .static, targets: ["SMTPConnABI"])],
  targets: [
    .systemLibrary(name: "CSMTPConn"),
    .systemLibrary(name: "CSystem"),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .target(name: "SMTPProtocol", swiftSettings: settings),
    .target(
      name: "SMTPTransport", dependencies: ["SMTPProtocol", "CSystem", "COpenSSL"],
      swiftSettings: settings),
    .target(
      name: "SMTPConnection", dependencies: ["SMTPProtocol", "SMTPTransport"],
      swiftSettings: settings),
    .target(
      name: "SMTPConnABI",
      dependencies: ["SMTPProtocol", "SMTPTransport", "SMTPConnection", "CSMTPConn"],
      swiftSettings: settings),
    .testTarget(name: "SMTPProtocolTests", dependencies: ["SMTPProtocol"], swiftSettings: settings),
    .testTarget(
      name: "SMTPTransportTests", dependencies: ["SMTPProtocol", "SMTPTransport", "CSystem"],
      swiftSettings: settings),
    .testTarget(
      name: "SMTPConnectionTests",
      dependencies: ["SMTPProtocol", "SMTPTransport", "SMTPConnection", "CSystem"],
      swiftSettings: settings),
    // A C program that is run by the tests of the C surface as well.
    .target(
      name: "CMatrix", path: "Tests/c/matrix", exclude: ["main.c"], publicHeadersPath: "include",
      cSettings: [.headerSearchPath("../../../include")]),
    .testTarget(
      name: "CSurfaceTests", dependencies: ["SMTPConnABI", "CSMTPConn", "CSystem", "CMatrix"],
      swiftSettings: cSurfaceSettings),
  ],
  swiftLanguageModes: [.v6]
)
