/* Channel binding (RFC 5056): octets that only the two ends of this TLS connection have. */
#ifndef COPENSSL_BINDING_H
#define COPENSSL_BINDING_H

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

/* Each of them writes up to EVP_MAX_MD_SIZE octets and returns how many; 0 when the connection
 * has none. */

/* tls-exporter (RFC 9266). */
static inline size_t copenssl_bind_exporter(SSL *ssl, unsigned char *octets) {
  static const char label[] = "EXPORTER-Channel-Binding";
  const size_t size = 32;
  if (SSL_version(ssl) < TLS1_3_VERSION) return 0;
  return SSL_export_keying_material(ssl, octets, size, label, sizeof label - 1, octets, 0, 1) == 1
             ? size
             : 0;
}

/* tls-unique (RFC 5929 section 3): the first Finished message of the handshake, which is the
 * client's, or the server's when a session was resumed.  TLS 1.3 has none that is registered:
 * there it is the client's. */
static inline size_t copenssl_bind_unique(SSL *ssl, unsigned char *octets) {
  size_t size = SSL_version(ssl) < TLS1_3_VERSION && SSL_session_reused(ssl)
                    ? SSL_get_peer_finished(ssl, octets, EVP_MAX_MD_SIZE)
                    : SSL_get_finished(ssl, octets, EVP_MAX_MD_SIZE);
  return size <= EVP_MAX_MD_SIZE ? size : 0;
}

/* Without the extended master secret (RFC 7627) an attacker in the middle can have the same
 * Finished message on both sides. */
static inline int copenssl_is_unique(SSL *ssl) {
  return SSL_version(ssl) == TLS1_2_VERSION && SSL_get_extms_support(ssl) == 1;
}

/* tls-server-end-point (RFC 5929 section 4.1): the digest of the certificate with the hash
 * function of its signature, and SHA-256 instead of MD5 and SHA-1.  None is defined for a
 * signature without one, as that of Ed25519. */
static inline size_t copenssl_bind_end_point(SSL *ssl, unsigned char *octets) {
  X509 *certificate = SSL_get0_peer_certificate(ssl);
  const EVP_MD *function;
  unsigned int size = 0;
  int hash;
  if (certificate == NULL || X509_get_signature_info(certificate, &hash, NULL, NULL, NULL) != 1) {
    return 0;
  }
  if (hash == NID_md5 || hash == NID_sha1 || hash == NID_md5_sha1) hash = NID_sha256;
  function = hash == NID_undef ? NULL : EVP_get_digestbynid(hash);
  return function != NULL && X509_digest(certificate, function, octets, &size) == 1 ? size : 0;
}

#endif
