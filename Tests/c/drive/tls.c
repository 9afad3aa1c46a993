/*
 * tls.c - the callbacks of the options for TLS
 */
#include "drive.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct secret {
  struct tag *tag;
  char text[128];
};

static void release_secret(void *user) {
  struct secret *secret = user;
  begin_event("release", name_of(secret->tag));
  end_line();
  free(secret);
}

/* The password of a key; "!none" has none, "!toomuch" claims more than fits. */
static ptrdiff_t give_password(char *buffer, size_t capacity, void *user) {
  struct secret *secret = user;
  size_t length = strlen(secret->text);
  begin_event("asked", name_of(secret->tag));
  end_line();
  if (strcmp(secret->text, "!none") == 0) return -1;
  if (strcmp(secret->text, "!toomuch") == 0) return (ptrdiff_t)capacity + 1;
  if (length > capacity) length = capacity;
  memcpy(buffer, secret->text, length);
  return (ptrdiff_t)length;
}

/* Fills in a function of the OpenSSL that the library uses. */
static void find_in_openssl(const char *name, void *function) {
  void *program = dlopen(NULL, RTLD_NOW);
  *(void **)function = dlsym(program, name);
  if (*(void **)function == NULL) die(name, dlerror());
  dlclose(program);
}

void check_error_queue(void) {
  static unsigned long (*peek_error)(void);
  if (peek_error == NULL) find_in_openssl("ERR_peek_error", &peek_error);
  if (peek_error() != 0) die("dispatch", "errors are left in OpenSSL's queue");
}

/* Switches TLS 1.3 off, which OpenSSL itself must do: the context is real. "!refuse"
 * then says that it must not be used. */
static int change_context(void *ssl_ctx, void *user) {
  struct secret *secret = user;
  uint64_t (*set_options)(void *, uint64_t);
  find_in_openssl("SSL_CTX_set_options", &set_options);
  set_options(ssl_ctx, (uint64_t)1 << 29); /* SSL_OP_NO_TLSv1_3 */
  begin_event("asked", name_of(secret->tag));
  end_line();
  return strcmp(secret->text, "!refuse") == 0 ? -1 : 0;
}

/* A secret of a handshake. */
static void write_key(const char *line, void *user) {
  struct secret *secret = user;
  begin_event("key", name_of(secret->tag));
  put_field("line", line);
  end_line();
  act(secret->tag);
}

static struct secret *new_secret(const char *name, const char *text) {
  struct secret *secret = allocate(1, sizeof *secret);
  secret->tag = tag_named(name);
  snprintf(secret->text, sizeof secret->text, "%s", text);
  return secret;
}

int set_key_password(smtpconn_options *options, const char *password) {
  if (password == NULL) {
    return smtpconn_options_set_tls_key_password_callback(options, NULL, NULL, NULL);
  }
  return smtpconn_options_set_tls_key_password_callback(options, give_password, release_secret,
                                                        new_secret("password", password));
}

int set_context_change(smtpconn_options *options, const char *change) {
  if (change == NULL) return smtpconn_options_set_tls_context_callback(options, NULL, NULL, NULL);
  return smtpconn_options_set_tls_context_callback(options, change_context, release_secret,
                                                   new_secret("context", change));
}

int set_key_log(smtpconn_options *options, const char *tag) {
  if (tag == NULL) return smtpconn_options_set_tls_key_log_callback(options, NULL, NULL, NULL);
  return smtpconn_options_set_tls_key_log_callback(options, write_key, release_secret,
                                                   new_secret(tag, ""));
}
