import CSystem
package import SMTPProtocol

/// A socket that the caller made: a duplicate that is kept until it is used.
package final class GivenSocket {
  package let descriptor: Int32
  /// The number that the caller gave.
  package let given: Int32

  package init(_ given: Int32, option: String) throws(Failure) {
    guard let descriptor = System.adoptedSocket(given) else {
      let error = Errno.current
      var failure = Failure(
        .options, "\(option) must be a stream socket: descriptor \(given): \(error.text)")
      failure.errno = error.code
      throw failure
    }
    self.descriptor = descriptor
    self.given = given
  }

  deinit { System.close(descriptor) }
}
