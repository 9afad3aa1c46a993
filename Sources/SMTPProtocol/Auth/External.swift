/// EXTERNAL (RFC 4422 appendix A): the server knows the client by other means, here by its
/// certificate. The message is the authorization identity, empty for the one that the server
/// derives from those means.
package final class External: SingleMessage {
  package init(authorization: Secret) { super.init("EXTERNAL", authorization) }
}
