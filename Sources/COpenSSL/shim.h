/* OpenSSL as SMTPTransport sees it.  What Swift cannot import (macros with
 * arguments, stacks, unions) is a small function. */
#ifndef COPENSSL_SHIM_H
#define COPENSSL_SHIM_H

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <errno.h>
#include <stdio.h>

/* No compression (CRIME), no renegotiation; an end without close_notify is an end,
 * since SMTP has its own (RFC 5321 QUIT) and most servers leave it out; records are
 * read with one recv each, and the octets do not stay in OpenSSL's buffer, since they
 * may be a token.  The buffers, which are 33 KB, are freed while they are empty.  A
 * trusted certificate need not be a root: it may be an intermediate CA, or the server's
 * own certificate. */
static inline void copenssl_harden(SSL_CTX *context) {
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CLEANSE_PLAINTEXT);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
}

/* A BIO for TLS inside the TLS of `outer`, which stays the caller's; NULL without memory. */
static inline BIO *copenssl_bio_inside(SSL *outer) {
  BIO *bio = BIO_new(BIO_f_ssl());
  if (bio != NULL) BIO_set_ssl(bio, outer, BIO_NOCLOSE);
  return bio;
}

/* Whether a PEM text was read to its end, and not to a damaged part; then the error for
 * the end is removed from the queue. */
static inline int copenssl_is_at_end(void) {
  unsigned long error = ERR_peek_last_error();
  if (ERR_GET_LIB(error) != ERR_LIB_PEM || ERR_GET_REASON(error) != PEM_R_NO_START_LINE) return 0;
  ERR_clear_error();
  return 1;
}

/* A temporary failure of this process. */
static inline int copenssl_is_own_trouble(int reason) {
  return reason == ERR_R_MALLOC_FAILURE || reason == ERR_R_INTERNAL_ERROR;
}

/* Trusts every certificate of a PEM text, and uses its revocation lists, as OpenSSL does
 * for a file; 0 when there is none, or one of them is damaged. */
static inline int copenssl_trust(SSL_CTX *context, const unsigned char *text, int length) {
  BIO *bio = BIO_new_mem_buf(text, length);
  X509_STORE *store = SSL_CTX_get_cert_store(context);
  STACK_OF(X509_INFO) *found = bio == NULL ? NULL : PEM_X509_INFO_read_bio(bio, NULL, NULL, (void *)"");
  int index, count = 0, result = found != NULL;
  for (index = 0; result && index < sk_X509_INFO_num(found); index++) {
    const X509_INFO *info = sk_X509_INFO_value(found, index);
    if (info->x509 != NULL) result = X509_STORE_add_cert(store, info->x509) == 1 && ++count;
    if (result && info->crl != NULL) result = X509_STORE_add_crl(store, info->crl) == 1;
  }
  if (result && count == 0) ERR_raise(ERR_LIB_PEM, PEM_R_NO_START_LINE);
  sk_X509_INFO_pop_free(found, X509_INFO_free);
  BIO_free(bio);
  return result && count > 0;
}

/* The first certificate of a PEM text is the client's, the others its chain. */
static inline int copenssl_use_chain(SSL_CTX *context, const unsigned char *text, int length) {
  BIO *bio = BIO_new_mem_buf(text, length);
  X509 *certificate = bio == NULL ? NULL : PEM_read_bio_X509_AUX(bio, NULL, NULL, (void *)"");
  int result = certificate != NULL && SSL_CTX_use_certificate(context, certificate) == 1 &&
               SSL_CTX_clear_chain_certs(context) == 1;
  X509_free(certificate);
  while (result && (certificate = PEM_read_bio_X509(bio, NULL, NULL, (void *)"")) != NULL) {
    result = SSL_CTX_add0_chain_cert(context, certificate) == 1;
    if (!result) X509_free(certificate);
  }
  BIO_free(bio);
  return result && copenssl_is_at_end();
}

static inline int copenssl_sign_rs256(const unsigned char *pem, int pem_length,
                                      const unsigned char *message, size_t length,
                                      unsigned char *signature, size_t *size) {
  BIO *bio = BIO_new_mem_buf(pem, pem_length);
  /* An empty password: a key that needs one is of no use, and must not make
   * OpenSSL ask at the terminal. */
  EVP_PKEY *key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"");
  EVP_MD_CTX *digest = EVP_MD_CTX_new();
  int result = key != NULL && digest != NULL && EVP_PKEY_is_a(key, "RSA") &&
               EVP_DigestSignInit(digest, NULL, EVP_sha256(), NULL, key) == 1 &&
               EVP_DigestSign(digest, signature, size, message, length) == 1;
  EVP_MD_CTX_free(digest);
  EVP_PKEY_free(key);
  BIO_free(bio);
  return result;
}

/* `ask` is called when the key is encrypted; without it OpenSSL would ask at the
 * terminal. */
static inline int copenssl_use_key_from(SSL_CTX *context, BIO *bio, pem_password_cb *ask,
                                        void *user) {
  EVP_PKEY *key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, ask, user);
  int result = key != NULL && SSL_CTX_use_PrivateKey(context, key) == 1;
  EVP_PKEY_free(key);
  BIO_free(bio);
  return result;
}

static inline int copenssl_use_key(SSL_CTX *context, const unsigned char *text, int length,
                                   pem_password_cb *ask, void *user) {
  return copenssl_use_key_from(context, BIO_new_mem_buf(text, length), ask, user);
}

/* The file is read through a buffer of our own, which is erased: that of the C
 * library would stay in freed memory. */
static inline int copenssl_use_key_file(SSL_CTX *context, const char *path, pem_password_cb *ask,
                                        void *user) {
  char buffer[BUFSIZ];
  FILE *file = fopen(path, "rbe");
  BIO *bio;
  int result;
  if (file == NULL) {
    ERR_raise(ERR_LIB_SYS, errno);
    return 0;
  }
  setvbuf(file, buffer, _IOFBF, sizeof buffer);
  bio = BIO_new_fp(file, BIO_CLOSE);
  if (bio == NULL) fclose(file);
  result = copenssl_use_key_from(context, bio, ask, user);
  OPENSSL_cleanse(buffer, sizeof buffer);
  return result;
}

static inline long copenssl_set_server_name(SSL *ssl, const char *name) {
  return SSL_set_tlsext_host_name(ssl, name);
}

/* Sessions are passed to `keep` only; it returns 0, since it does not own them. */
static inline void copenssl_hand_sessions_to(SSL_CTX *context, int (*keep)(SSL *, SSL_SESSION *)) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep);
}

static inline void copenssl_set_owner(SSL *ssl, void *owner) { SSL_set_app_data(ssl, owner); }
static inline void *copenssl_owner(SSL *ssl) { return SSL_get_app_data(ssl); }

/* A session has a field for a server's own data, which a client does not need.  Here it has
 * the time when the certificate was verified, in seconds since 1970, or 0 when it was not:
 * OpenSSL copies it into the sessions of a resumed connection, and into exported octets. */
static inline void copenssl_mark_session(SSL_SESSION *session, uint64_t verified) {
  unsigned char mark[8];
  size_t index;
  for (index = sizeof mark; index-- > 0; verified >>= 8) mark[index] = (unsigned char)verified;
  SSL_SESSION_set1_ticket_appdata(session, mark, sizeof mark);
}

/* 0 for a session without a mark, too. */
static inline uint64_t copenssl_session_mark(SSL_SESSION *session) {
  void *mark;
  size_t size, index;
  uint64_t verified = 0;
  if (SSL_SESSION_get0_ticket_appdata(session, &mark, &size) != 1 || size != 8) return 0;
  for (index = 0; index < size; index++) {
    verified = verified << 8 | ((unsigned char *)mark)[index];
  }
  return verified;
}

/* The session in these octets, with nothing after it; NULL for anything else. */
static inline SSL_SESSION *copenssl_read_session(const unsigned char *octets, long length) {
  const unsigned char *end = octets;
  SSL_SESSION *session = d2i_SSL_SESSION(NULL, &end, length);
  if (session == NULL || end == octets + length) return session;
  SSL_SESSION_free(session);
  return NULL;
}

#define COPENSSL_CHECK_FLAGS                                                                  \
  (X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)

static inline void copenssl_set_check_flags(SSL *ssl) {
  SSL_set_hostflags(ssl, COPENSSL_CHECK_FLAGS);
}

/* Whether a certificate is for a DNS name or an IP address; `found`, when it is not NULL, is
 * then the name in it, for copenssl_free.  A NULL certificate is for no name. */
static inline int copenssl_is_for(X509 *certificate, const char *name, int is_address,
                                  char **found) {
  if (certificate == NULL) return 0;
  if (is_address) return X509_check_ip_asc(certificate, name, 0) == 1;
  return X509_check_host(certificate, name, 0, COPENSSL_CHECK_FLAGS, found) == 1;
}

static inline void copenssl_free(void *memory) { OPENSSL_free(memory); }

/* Whether the server may still resume a session.  The time in an exported one may be any
 * number: the difference wraps. */
static inline int copenssl_is_fresh(const SSL_SESSION *session, uint64_t now) {
  return now - (uint64_t)SSL_SESSION_get_time(session) <
         (uint64_t)SSL_SESSION_get_timeout(session);
}

/* Whether the certificate of a session is for this name, is still valid, and was verified
 * less than `lifetime` seconds ago. */
static inline int copenssl_vouches(SSL_SESSION *session, const char *name, int is_address,
                                   uint64_t now, uint64_t lifetime) {
  X509 *certificate = SSL_SESSION_get0_peer(session);
  return now - copenssl_session_mark(session) < lifetime &&
         copenssl_is_for(certificate, name, is_address, NULL) &&
         X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0;
}

/* The certificate that the peer sent, even when it was refused. */
static inline X509 *copenssl_shown_certificate(SSL *ssl) {
  STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
  if (chain != NULL && sk_X509_num(chain) > 0) return sk_X509_value(chain, 0);
  return SSL_get0_peer_certificate(ssl);
}

#define COPENSSL_DIGEST 32

/* SHA-256 of the public key of a certificate with its algorithm (SubjectPublicKeyInfo);
 * 0 without a certificate. */
static inline int copenssl_key_digest(X509 *certificate, unsigned char *digest) {
  unsigned char *key = NULL;
  int length = certificate == NULL ? 0 : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
  int result = length > 0 && EVP_Digest(key, (size_t)length, digest, NULL, EVP_sha256(), NULL) == 1;
  OPENSSL_free(key);
  return result;
}

/* The names in a certificate; NULL when it has none. */
static inline GENERAL_NAMES *copenssl_alternative_names(X509 *certificate) {
  return (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
}
static inline int copenssl_name_count(const GENERAL_NAMES *names) {
  return sk_GENERAL_NAME_num(names);
}

#define COPENSSL_NAME_OTHER 0
#define COPENSSL_NAME_DNS 1
#define COPENSSL_NAME_ADDRESS 2

static inline int copenssl_name(const GENERAL_NAMES *names, int index, const unsigned char **data,
                                int *length) {
  const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
  const ASN1_STRING *text;
  int kind;
  if (name == NULL) return COPENSSL_NAME_OTHER;
  if (name->type == GEN_DNS) {
    text = name->d.dNSName;
    kind = COPENSSL_NAME_DNS;
  } else if (name->type == GEN_IPADD) {
    text = name->d.iPAddress;
    kind = COPENSSL_NAME_ADDRESS;
  } else {
    return COPENSSL_NAME_OTHER;
  }
  *data = ASN1_STRING_get0_data(text);
  *length = ASN1_STRING_length(text);
  return kind;
}

static inline void copenssl_names_free(GENERAL_NAMES *names) { GENERAL_NAMES_free(names); }

static inline int copenssl_is_system_error(unsigned long error) { return ERR_SYSTEM_ERROR(error); }

#endif
