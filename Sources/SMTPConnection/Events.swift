package import SMTPProtocol

/// The callbacks of the caller that belong to no operation. What happens becomes due in the
/// queue, and goes to the callback that is set when its turn comes.
package final class Events {
  package var onConnect: (() -> Void)?
  package var onError: ((Failure) -> Void)?
  package var onEnd: (() -> Void)?
  package var onToken: ((AccessToken) -> Void)?
  /// Octets of a content that have left, all of it or `max`, and the tag of its send.
  package var onProgress: ((UInt64, UInt64, UInt) -> Void)?
  private let callbacks: CallbackQueue

  init(_ callbacks: CallbackQueue) {
    self.callbacks = callbacks
  }

  func connected() { callbacks.appendEvent { [self] in onConnect?() } }

  func failed(_ failure: Failure) { callbacks.appendEvent { [self] in onError?(failure) } }

  func ended() { callbacks.appendEvent { [self] in onEnd?() } }

  /// A token endpoint has given a token.
  func renewed(_ token: AccessToken) { callbacks.appendEvent { [self] in onToken?(token) } }

  func progressed(_ sent: UInt64, _ total: UInt64, _ tag: UInt) {
    callbacks.appendEvent { [self] in onProgress?(sent, total, tag) }
  }

  /// From now on nothing is called back.
  func forget() {
    callbacks.refuseEvents()
    onConnect = nil
    onError = nil
    onEnd = nil
    onToken = nil
    onProgress = nil
  }
}
