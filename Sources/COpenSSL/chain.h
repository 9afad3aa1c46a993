/* The certificates that a server has sent, as octets and as text. */
#ifndef COPENSSL_CHAIN_H
#define COPENSSL_CHAIN_H

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <time.h>

/* A certificate of the chain, the server's own first; NULL after the last.  A session that
 * was exported has no other than the first. */
static inline X509 *copenssl_certificate(SSL *ssl, int index) {
  STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
  if (index == 0) return SSL_get0_peer_certificate(ssl);
  return chain == NULL ? NULL : sk_X509_value(chain, index);
}

/* What is written of a certificate. */
#define COPENSSL_ENCODED 0
#define COPENSSL_SUBJECT 1
#define COPENSSL_ISSUER 2
#define COPENSSL_NOT_BEFORE 3
#define COPENSSL_NOT_AFTER 4

/* In UTF-8, with everything that could be mistaken escaped (RFC 2253). */
#define COPENSSL_NAME_FORM (XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB)

/* RFC 3339. */
static inline int copenssl_write_time(BIO *out, const ASN1_TIME *value) {
  struct tm when;
  return ASN1_TIME_to_tm(value, &when) == 1 &&
         BIO_printf(out, "%04d-%02d-%02dT%02d:%02d:%02dZ", when.tm_year + 1900, when.tm_mon + 1,
                    when.tm_mday, when.tm_hour, when.tm_min, when.tm_sec) > 0;
}

/* A buffer with it, for BIO_free; NULL without one. */
static inline BIO *copenssl_written(const X509 *certificate, int what) {
  BIO *out = BIO_new(BIO_s_mem());
  int result = 0;
  if (out == NULL) return NULL;
  switch (what) {
  case COPENSSL_ENCODED: result = i2d_X509_bio(out, certificate) == 1; break;
  case COPENSSL_SUBJECT:
    result = X509_NAME_print_ex(out, X509_get_subject_name(certificate), 0,
                                COPENSSL_NAME_FORM) >= 0;
    break;
  case COPENSSL_ISSUER:
    result =
        X509_NAME_print_ex(out, X509_get_issuer_name(certificate), 0, COPENSSL_NAME_FORM) >= 0;
    break;
  case COPENSSL_NOT_BEFORE:
    result = copenssl_write_time(out, X509_get0_notBefore(certificate));
    break;
  case COPENSSL_NOT_AFTER:
    result = copenssl_write_time(out, X509_get0_notAfter(certificate));
    break;
  }
  if (result) return out;
  BIO_free(out);
  return NULL;
}

#endif
