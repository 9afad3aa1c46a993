/* What vouches for a certificate, or against it, besides an authority: DANE, lists of
 * revoked certificates, OCSP. */
#ifndef COPENSSL_TRUST_H
#define COPENSSL_TRUST_H

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

/* Whether OpenSSL can use a TLSA record (RFC 6698 section 2.1). */
static inline int copenssl_is_tlsa(uint8_t usage, uint8_t selector, uint8_t type,
                                   const unsigned char *data, size_t length) {
  SSL_CTX *context = SSL_CTX_new(TLS_client_method());
  SSL *ssl = context == NULL ? NULL : SSL_new(context);
  int result = ssl != NULL && SSL_CTX_dane_enable(context) == 1 &&
               SSL_dane_enable(ssl, NULL) == 1 &&
               SSL_dane_tlsa_add(ssl, usage, selector, type, data, length) == 1;
  SSL_free(ssl);
  SSL_CTX_free(context);
  return result;
}

/* The usage of the TLSA record that the certificate was accepted for; -1 for none. */
static inline int copenssl_tlsa_usage(SSL *ssl) {
  uint8_t usage;
  return SSL_get0_dane_tlsa(ssl, &usage, NULL, NULL, NULL, NULL) < 0 ? -1 : usage;
}

/* Refuses every chain of which a certificate is revoked, or for which one of the lists is
 * missing or out of date; 0 when the file has no list, or a damaged one. */
static inline int copenssl_use_revocations(SSL_CTX *context, const char *path) {
  X509_LOOKUP *lookup =
      X509_STORE_add_lookup(SSL_CTX_get_cert_store(context), X509_LOOKUP_file());
  return lookup != NULL && X509_load_crl_file(lookup, path, X509_FILETYPE_PEM) > 0 &&
         X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context),
                                     X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL) == 1;
}

/* What a stapled OCSP response says. */
#define COPENSSL_STAPLE_GOOD 0
#define COPENSSL_STAPLE_MISSING 1
#define COPENSSL_STAPLE_UNUSABLE 2
#define COPENSSL_STAPLE_FORGED 3
#define COPENSSL_STAPLE_OTHER 4
#define COPENSSL_STAPLE_OUTDATED 5
#define COPENSSL_STAPLE_REVOKED 6
#define COPENSSL_STAPLE_UNKNOWN 7

/* Seconds by which clocks may differ, and for which a response without an end is good. */
#define COPENSSL_STAPLE_SKEW 300
#define COPENSSL_STAPLE_LIFETIME 86400

/* Whether a part of the response is about this certificate. */
static inline int copenssl_is_about(const OCSP_SINGLERESP *single, const X509 *certificate,
                                    const X509 *issuer) {
  OCSP_CERTID *id = (OCSP_CERTID *)OCSP_SINGLERESP_get0_id(single);
  ASN1_OBJECT *algorithm = NULL;
  OCSP_CERTID *wanted;
  int result;
  if (OCSP_id_get0_info(NULL, &algorithm, NULL, NULL, id) != 1) return 0;
  if (EVP_get_digestbyobj(algorithm) == NULL) return 0;
  wanted = OCSP_cert_to_id(EVP_get_digestbyobj(algorithm), certificate, issuer);
  result = wanted != NULL && OCSP_id_cmp(wanted, id) == 0;
  OCSP_CERTID_free(wanted);
  return result;
}

static inline int copenssl_judge_single(OCSP_SINGLERESP *single) {
  ASN1_GENERALIZEDTIME *since = NULL, *until = NULL;
  int status = OCSP_single_get0_status(single, NULL, NULL, &since, &until);
  if (status == V_OCSP_CERTSTATUS_REVOKED) return COPENSSL_STAPLE_REVOKED;
  if (OCSP_check_validity(since, until, COPENSSL_STAPLE_SKEW,
                          until == NULL ? COPENSSL_STAPLE_LIFETIME : -1) != 1) {
    return COPENSSL_STAPLE_OUTDATED;
  }
  return status == V_OCSP_CERTSTATUS_GOOD ? COPENSSL_STAPLE_GOOD : COPENSSL_STAPLE_UNKNOWN;
}

/* The signature must be that of the issuer of the certificate, or of a responder whose
 * certificate comes from this issuer and is for this purpose (RFC 6960 section 4.2.2.2):
 * no other authority may speak of it, and so the issuer is all that is trusted here. */
static inline int copenssl_is_signed(OCSP_BASICRESP *basic, X509 *issuer) {
  X509_STORE *store = X509_STORE_new();
  STACK_OF(X509) *signers = sk_X509_new_null();
  int result = store != NULL && signers != NULL && sk_X509_push(signers, issuer) > 0 &&
               X509_STORE_add_cert(store, issuer) == 1 &&
               X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) == 1 &&
               OCSP_basic_verify(basic, signers, store, OCSP_NOEXPLICIT) == 1;
  sk_X509_free(signers);
  X509_STORE_free(store);
  return result;
}

static inline int copenssl_judge_response(OCSP_BASICRESP *basic, X509 *certificate,
                                          X509 *issuer) {
  int index;
  if (!copenssl_is_signed(basic, issuer)) return COPENSSL_STAPLE_FORGED;
  for (index = 0; index < OCSP_resp_count(basic); index++) {
    OCSP_SINGLERESP *single = OCSP_resp_get0(basic, index);
    if (copenssl_is_about(single, certificate, issuer)) return copenssl_judge_single(single);
  }
  return COPENSSL_STAPLE_OTHER;
}

/* The response that the server has stapled to its certificate (RFC 6066 section 8). */
static inline int copenssl_judge_staple(SSL *ssl) {
  const unsigned char *octets = NULL;
  long length = SSL_get_tlsext_status_ocsp_resp(ssl, &octets);
  STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
  OCSP_RESPONSE *response;
  OCSP_BASICRESP *basic = NULL;
  int result = COPENSSL_STAPLE_UNUSABLE;
  if (octets == NULL || length <= 0) return COPENSSL_STAPLE_MISSING;
  /* A server that is trusted itself has no issuer that could speak of it. */
  if (sk_X509_num(chain) < 2) return COPENSSL_STAPLE_OTHER;
  response = d2i_OCSP_RESPONSE(NULL, &octets, length);
  if (response != NULL && OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL) {
    basic = OCSP_response_get1_basic(response);
  }
  if (basic != NULL) {
    result = copenssl_judge_response(basic, sk_X509_value(chain, 0), sk_X509_value(chain, 1));
  }
  OCSP_BASICRESP_free(basic);
  OCSP_RESPONSE_free(response);
  return result;
}

/* Asks every server for a response; `judge` is called when it has come or not, and returns
 * 1 to go on with the handshake. */
static inline void copenssl_require_staple(SSL_CTX *context, int (*judge)(SSL *, void *)) {
  SSL_CTX_set_tlsext_status_type(context, TLSEXT_STATUSTYPE_ocsp);
  SSL_CTX_set_tlsext_status_cb(context, judge);
}

#endif
