package import SMTPProtocol

/// A socket of the caller: a duplicate that is kept until a connection uses it.
package final class GivenSocket {
  /// The number that the caller gave.
  package let given: Int32
  private var descriptor: Int32

  private init(_ descriptor: Int32, given: Int32) {
    self.descriptor = descriptor
    self.given = given
  }

  package static func duplicate(_ given: Int32, option: ErrorText) throws(Failure) -> GivenSocket {
    guard let descriptor = System.adoptedSocket(given) else {
      let error = Errno.current
      var failure = Failure(
        .options, "\(option) must be a stream socket: descriptor \(given): \(error.text)")
      failure.errno = error.code
      throw failure
    }
    return GivenSocket(descriptor, given: given)
  }

  deinit { System.close(descriptor) }

  package func isOf(_ family: AddressFamily) -> Bool {
    SocketAddress.ofSocket(descriptor).map { family.allows($0) } ?? false
  }

  var family: Int32? { SocketAddress.ofSocket(descriptor)?.family }

  /// The descriptor, once; -1 after that.
  func take() -> Int32 {
    defer { descriptor = -1 }
    return descriptor
  }
}
