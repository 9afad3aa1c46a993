// swift-tools-version: 6.2
import PackageDescription

/// Two ways to compile the same sources: with the trait `Embedded` they become
/// the library that is shipped (no Swift runtime, and small before fast: its time
/// goes to round trips and system calls), without it they are ordinary Swift,
/// which is what the tests, sanitizers and debuggers use. Exclusive access is checked
/// while running in the ordinary build only: the checks are 24 KB of the shipped one.
let settings: [SwiftSetting] = [
  // As flags and not with enableExperimentalFeature: SwiftPM would hand that to the
  // linker of the tests even without the trait, and their runtime is not found.
  .unsafeFlags(
    [
      "-enable-experimental-feature", "Embedded", "-wmo", "-Osize",
      "-enforce-exclusivity=unchecked",
    ], .when(traits: ["Embedded"])),
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
  traits: [.trait(name: "Embedded", description: "Build without the Swift runtime.")],
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
