/* PBKDF2 (RFC 8018 section 5.2) in parts.  OpenSSL's own function computes all iterations
 * in one call, and there may be millions. */
#ifndef COPENSSL_STRETCHING_H
#define COPENSSL_STRETCHING_H

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

struct copenssl_stretching {
  /* The digest after the inner and the outer key of HMAC (RFC 2104): copying them saves
   * half of the work. */
  EVP_MD_CTX *inner, *outer, *work;
  unsigned int size;
  unsigned char last[EVP_MAX_MD_SIZE], sum[EVP_MAX_MD_SIZE];
};

static inline void copenssl_stretching_free(struct copenssl_stretching *stretching) {
  if (stretching == NULL) return;
  EVP_MD_CTX_free(stretching->inner);
  EVP_MD_CTX_free(stretching->outer);
  EVP_MD_CTX_free(stretching->work);
  OPENSSL_clear_free(stretching, sizeof *stretching);
}

/* A digest that has read the key of HMAC, each octet changed by `pad`. */
static inline EVP_MD_CTX *copenssl_keyed(const EVP_MD *function, const unsigned char *key,
                                         unsigned char pad) {
  unsigned char block[EVP_MAX_MD_SIZE * 2];
  size_t size = (size_t)EVP_MD_get_block_size(function), index;
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  int result = context != NULL && size <= sizeof block;
  for (index = 0; result && index < size; index++) block[index] = key[index] ^ pad;
  result = result && EVP_DigestInit_ex(context, function, NULL) == 1 &&
           EVP_DigestUpdate(context, block, size) == 1;
  OPENSSL_cleanse(block, sizeof block);
  if (result) return context;
  EVP_MD_CTX_free(context);
  return NULL;
}

/* HMAC of `last` into `last`. */
static inline int copenssl_stretch_once(struct copenssl_stretching *stretching) {
  EVP_MD_CTX *work = stretching->work;
  return EVP_MD_CTX_copy_ex(work, stretching->inner) == 1 &&
         EVP_DigestUpdate(work, stretching->last, stretching->size) == 1 &&
         EVP_DigestFinal_ex(work, stretching->last, NULL) == 1 &&
         EVP_MD_CTX_copy_ex(work, stretching->outer) == 1 &&
         EVP_DigestUpdate(work, stretching->last, stretching->size) == 1 &&
         EVP_DigestFinal_ex(work, stretching->last, NULL) == 1;
}

/* With the first iteration done; NULL when the function is not allowed or memory is short. */
static inline struct copenssl_stretching *copenssl_stretching_new(
    const EVP_MD *function, const unsigned char *password, size_t length,
    const unsigned char *salt, size_t salt_length) {
  static const unsigned char block[4] = {0, 0, 0, 1};
  unsigned char key[EVP_MAX_MD_SIZE * 2] = {0};
  struct copenssl_stretching *made = OPENSSL_zalloc(sizeof *made);
  EVP_MD_CTX *work;
  int result;
  if (made == NULL) return NULL;
  made->size = (unsigned int)EVP_MD_get_size(function);
  made->work = work = EVP_MD_CTX_new();
  if (length > (size_t)EVP_MD_get_block_size(function)) {
    result = EVP_Digest(password, length, key, NULL, function, NULL) == 1;
  } else {
    if (length > 0) memcpy(key, password, length);
    result = 1;
  }
  made->inner = result ? copenssl_keyed(function, key, 0x36) : NULL;
  made->outer = result ? copenssl_keyed(function, key, 0x5c) : NULL;
  OPENSSL_cleanse(key, sizeof key);
  result = work != NULL && made->inner != NULL && made->outer != NULL &&
           EVP_MD_CTX_copy_ex(work, made->inner) == 1 &&
           EVP_DigestUpdate(work, salt, salt_length) == 1 &&
           EVP_DigestUpdate(work, block, sizeof block) == 1 &&
           EVP_DigestFinal_ex(work, made->last, NULL) == 1 &&
           EVP_MD_CTX_copy_ex(work, made->outer) == 1 &&
           EVP_DigestUpdate(work, made->last, made->size) == 1 &&
           EVP_DigestFinal_ex(work, made->last, NULL) == 1;
  if (!result) {
    copenssl_stretching_free(made);
    return NULL;
  }
  memcpy(made->sum, made->last, made->size);
  return made;
}

static inline int copenssl_stretch(struct copenssl_stretching *stretching, size_t iterations) {
  unsigned int index;
  for (; iterations > 0; iterations--) {
    if (!copenssl_stretch_once(stretching)) return 0;
    for (index = 0; index < stretching->size; index++) {
      stretching->sum[index] ^= stretching->last[index];
    }
  }
  return 1;
}

static inline const unsigned char *copenssl_stretched(const struct copenssl_stretching *made) {
  return made->sum;
}

#endif
