/* The system's policy for TLS: the section system_default of openssl.cnf, which
 * OpenSSL applies to every new SSL_CTX.  An option of the caller would override it;
 * these functions keep the stricter of both. */
#ifndef COPENSSL_POLICY_H
#define COPENSSL_POLICY_H

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

/* Raises the minimum and lowers the maximum (0: none) that the context has; 0 when
 * no version is left. */
static inline int copenssl_narrow_versions(SSL_CTX *context, long minimum, long maximum) {
  long lowest = SSL_CTX_get_min_proto_version(context);
  long highest = SSL_CTX_get_max_proto_version(context);
  if (lowest < minimum) lowest = minimum;
  if (highest == 0 || (maximum != 0 && maximum < highest)) highest = maximum;
  return (highest == 0 || lowest <= highest) &&
         SSL_CTX_set_min_proto_version(context, lowest) == 1 &&
         SSL_CTX_set_max_proto_version(context, highest) == 1;
}

/* The caller's options; NULL for the system's policy. */
struct copenssl_wishes {
  const char *ciphers, *suites, *groups;
};

/* Which of the options cannot be applied. */
#define COPENSSL_GRANTED 0
#define COPENSSL_CIPHERS 1
#define COPENSSL_SUITES 2
#define COPENSSL_GROUPS 3
#define COPENSSL_NO_MEMORY 4

static inline int copenssl_wish(SSL_CTX *context, const struct copenssl_wishes *wishes) {
  if (wishes->ciphers != NULL && SSL_CTX_set_cipher_list(context, wishes->ciphers) != 1) {
    return COPENSSL_CIPHERS;
  }
  if (wishes->suites != NULL && SSL_CTX_set_ciphersuites(context, wishes->suites) != 1) {
    return COPENSSL_SUITES;
  }
  if (wishes->groups != NULL && SSL_CTX_set1_groups_list(context, wishes->groups) != 1) {
    return COPENSSL_GROUPS;
  }
  return COPENSSL_GRANTED;
}

/* The same options, overridden by the policy: an option that the policy does not name
 * keeps the caller's value. */
static inline SSL_CTX *copenssl_overridden(const struct copenssl_wishes *wishes) {
  SSL_CTX *context = SSL_CTX_new(TLS_client_method());
  if (context == NULL) return NULL;
  copenssl_wish(context, wishes);
  /* There may be no such section. */
  ERR_set_mark();
  SSL_CTX_config(context, "system_default");
  ERR_pop_to_mark();
  return context;
}

static inline int copenssl_is_suite(const SSL_CIPHER *cipher) {
  return strcmp(SSL_CIPHER_get_version(cipher), "TLSv1.3") == 0;
}

/* Leaves those ciphers that the policy has too, suites of TLS 1.3 or the others; 0
 * when there are none. */
static inline int copenssl_narrow_ciphers(SSL_CTX *context, SSL_CTX *policy, int suites) {
  STACK_OF(SSL_CIPHER) *wanted = SSL_CTX_get_ciphers(context);
  STACK_OF(SSL_CIPHER) *allowed = SSL_CTX_get_ciphers(policy);
  BIO *names = BIO_new(BIO_s_mem());
  char *text;
  int index, count = 0, dropped = 0, result = 0;
  for (index = 0; names != NULL && index < sk_SSL_CIPHER_num(wanted); index++) {
    const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(wanted, index);
    if (copenssl_is_suite(cipher) != suites) continue;
    if (sk_SSL_CIPHER_find(allowed, (SSL_CIPHER *)cipher) < 0) {
      dropped++;
    } else {
      BIO_printf(names, "%s%s", count++ > 0 ? ":" : "", SSL_CIPHER_get_name(cipher));
    }
  }
  if (names != NULL && dropped == 0) {
    result = 1;
  } else if (count > 0 && BIO_write(names, "", 1) == 1 && BIO_get_mem_data(names, &text) > 0) {
    result = suites ? SSL_CTX_set_ciphersuites(context, text)
                    : SSL_CTX_set_cipher_list(context, text);
  }
  BIO_free(names);
  return result;
}

/* More than any version of OpenSSL has. */
#define COPENSSL_GROUP_LIMIT 128

/* A number of two octets in a message, after which `*place` is; 0 beyond its end. */
static inline size_t copenssl_number(const unsigned char *octets, size_t length, size_t *place) {
  *place += 2;
  return *place > length ? 0 : (size_t)octets[*place - 2] << 8 | octets[*place - 1];
}

/* The numbers in the extension supported_groups of a ClientHello in a record (RFC 8446
 * sections 4.1.2 and 4.2.7); returns their count. */
static inline size_t copenssl_groups_in(const unsigned char *hello, size_t length,
                                        unsigned short *groups) {
  /* The record's header, the message's, the version and the random value. */
  size_t place = 5 + 4 + 2 + 32, count = 0, kind, size, index;
  if (place >= length) return 0;
  place += 1u + hello[place]; /* the session's identifier */
  size = copenssl_number(hello, length, &place);
  place += size; /* the ciphers */
  if (place >= length) return 0;
  place += 1u + hello[place]; /* the methods of compression */
  copenssl_number(hello, length, &place);
  while (place + 4 <= length) {
    kind = copenssl_number(hello, length, &place);
    size = copenssl_number(hello, length, &place);
    if (kind != TLSEXT_TYPE_supported_groups) {
      place += size;
      continue;
    }
    size = copenssl_number(hello, length, &place) / 2;
    for (index = 0; index < size && count < COPENSSL_GROUP_LIMIT; index++) {
      groups[count++] = (unsigned short)copenssl_number(hello, length, &place);
    }
    return place > length ? 0 : count;
  }
  return 0;
}

/* The groups that a context would offer.  OpenSSL 3.0 has no function for them, so they
 * are read from the message itself. */
static inline size_t copenssl_offered_groups(SSL_CTX *context, unsigned short *groups) {
  SSL *ssl = SSL_new(context);
  BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
  unsigned char *hello;
  long length;
  size_t count = 0;
  if (ssl == NULL || in == NULL || out == NULL) {
    BIO_free(in);
    BIO_free(out);
  } else {
    SSL_set_bio(ssl, in, out);
    SSL_set_connect_state(ssl);
    SSL_do_handshake(ssl);
    length = BIO_get_mem_data(out, &hello);
    if (length > 0) count = copenssl_groups_in(hello, (size_t)length, groups);
  }
  SSL_free(ssl);
  return count;
}

/* Leaves those groups that the policy has too; 0 when there are none. */
static inline int copenssl_narrow_groups(SSL_CTX *context, SSL_CTX *policy,
                                         const struct copenssl_wishes *wishes) {
  unsigned short wanted[COPENSSL_GROUP_LIMIT], allowed[COPENSSL_GROUP_LIMIT];
  SSL_CTX *plain = SSL_CTX_new(TLS_client_method());
  SSL *ssl = SSL_new(context);
  BIO *names = BIO_new(BIO_s_mem());
  size_t wanted_count = 0, allowed_count = 0, index, other, count = 0;
  char *text;
  int result = 0;
  if (plain != NULL && ssl != NULL && names != NULL) {
    copenssl_wish(plain, wishes);
    wanted_count = copenssl_offered_groups(plain, wanted);
    allowed_count = copenssl_offered_groups(policy, allowed);
  }
  for (index = 0; index < wanted_count; index++) {
    const char *name = SSL_group_to_name(ssl, TLSEXT_nid_unknown | wanted[index]);
    for (other = 0; other < allowed_count && allowed[other] != wanted[index]; other++) continue;
    if (other == allowed_count || name == NULL) continue;
    BIO_printf(names, "%s%s", count++ > 0 ? ":" : "", name);
  }
  if (count > 0 && count == wanted_count) {
    result = 1;
  } else if (count > 0 && BIO_write(names, "", 1) == 1 && BIO_get_mem_data(names, &text) > 0) {
    result = SSL_CTX_set1_groups_list(context, text);
  }
  BIO_free(names);
  SSL_free(ssl);
  SSL_CTX_free(plain);
  return result;
}

/* Applies the options as far as the policy allows.  COPENSSL_GRANTED, or the first option
 * of which nothing is left; `*by_policy` says whether the policy is the reason. */
static inline int copenssl_grant(SSL_CTX *context, const struct copenssl_wishes *wishes,
                                 int *by_policy) {
  int refused = copenssl_wish(context, wishes);
  SSL_CTX *policy;
  *by_policy = 0;
  if (refused != COPENSSL_GRANTED) return refused;
  if ((policy = copenssl_overridden(wishes)) == NULL) return COPENSSL_NO_MEMORY;
  *by_policy = 1;
  if (SSL_CTX_get_security_level(context) < SSL_CTX_get_security_level(policy)) {
    SSL_CTX_set_security_level(context, SSL_CTX_get_security_level(policy));
  }
  if (wishes->ciphers != NULL && !copenssl_narrow_ciphers(context, policy, 0)) {
    refused = COPENSSL_CIPHERS;
  } else if (wishes->suites != NULL && !copenssl_narrow_ciphers(context, policy, 1)) {
    refused = COPENSSL_SUITES;
  } else if (wishes->groups != NULL && !copenssl_narrow_groups(context, policy, wishes)) {
    refused = COPENSSL_GROUPS;
  }
  SSL_CTX_free(policy);
  return refused;
}

#endif
