package import SMTPProtocol

/// The callbacks of the caller that belong to no operation. What happens becomes due in the
/// queue, and goes to the callback that is set when its turn comes.
package final class Events {
  package var onConnect: (() -> Void)?
  package var onError: ((Failure) -> Void)?
  package var onEnd: (() -> Void)?
  package var onToken: ((AccessToken) -> Void)?
  private let callbacks: CallbackQueue

  init(_ callbacks: CallbackQueue) {
    self.callbacks = callbacks
  }

  func connected() { callbacks.appendEvent { [self] in onConnect?() } }

  func failed(_ failure: Failure) { callbacks.appendEvent { [self] in onError?(failure) } }

  func ended() { callbacks.appendEvent { [self] in onEnd?() } }

  /// A token endpoint has given a token.
  func renewed(_ token: AccessToken) { callbacks.appendEvent { [self] in onToken?(token) } }

  /// From now on nothing is called back.
  func forget() {
    callbacks.refuseEvents()
    onConnect = nil
    onError = nil
    onEnd = nil
    onToken = nil
  }
}
