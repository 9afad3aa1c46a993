/*
 * options.c - options by name
 */
#include "drive.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A number is a descriptor. One that is made here is closed at once: the library
 * has its own. */
static int set_descriptor(smtpconn_options *options, char *value,
                          int (*set)(smtpconn_options *, int),
                          int (*get)(const smtpconn_options *)) {
  char *end;
  long number = strtol(value, &end, 10);
  int descriptor, result;
  if (*end == 0) return set(options, (int)number);
  descriptor = make_descriptor(value);
  result = set(options, descriptor);
  if (result == 0 && get(options) != descriptor) die("not the number that was set", value);
  close(descriptor);
  return result;
}

#define STRING_OPTIONS(X) \
  X(host) X(name) X(auth_method) X(tls_servername) X(tls_ca_file) X(tls_ca_directory) \
  X(socket_path) X(local_address) X(tls_ca) X(tls_certificate_file) X(tls_certificate) \
  X(tls_key_file) X(tls_key) X(tls_ciphers) X(tls_cipher_suites) X(tls_groups) \
  X(tls_min_version) X(tls_max_version) X(tls_alpn) X(ignored_capabilities)
#define INT_OPTIONS(X) \
  X(port) X(secure) X(ignore_tls) X(require_tls) X(allow_insecure_auth) \
  X(tls_reject_unauthorized) X(transaction_log) X(debug) X(opportunistic_tls) X(lmtp) \
  X(local_port) X(secured) X(chunking) X(tls_resumption) \
  X(initial_response) X(hello_after_login)
#define DESCRIPTOR_OPTIONS(X) X(socket) X(connection)
#define DURATION_OPTIONS(X) \
  X(dns_timeout) X(connection_timeout) X(greeting_timeout) X(socket_timeout) \
  X(command_timeout) X(final_reply_timeout) X(quit_timeout) \
  X(operation_timeout)

static int set_option(smtpconn_options *options, const char *name, char *value) {
#define SET_STRING(option) \
  if (strcmp(name, #option) == 0) return smtpconn_options_set_##option(options, value);
#define SET_INT(option)                                                              \
  if (strcmp(name, #option) == 0) {                                                  \
    return smtpconn_options_set_##option(options, (int)strtol(value, NULL, 10));     \
  }
#define SET_DURATION(option)                                                          \
  if (strcmp(name, #option) == 0) {                                                   \
    return smtpconn_options_set_##option(options, (uint32_t)strtoul(value, NULL, 10)); \
  }
#define SET_DESCRIPTOR(option)                                                   \
  if (strcmp(name, #option) == 0) {                                              \
    return set_descriptor(options, value, smtpconn_options_set_##option,         \
                          smtpconn_options_##option);                            \
  }
  DESCRIPTOR_OPTIONS(SET_DESCRIPTOR)
  STRING_OPTIONS(SET_STRING)
  INT_OPTIONS(SET_INT)
  DURATION_OPTIONS(SET_DURATION)
  if (strcmp(name, "tls_key_password_callback") == 0) return set_key_password(options, value);
  if (strcmp(name, "tls_context_callback") == 0) return set_context_change(options, value);
  die("no such option", name);
  return 0;
}

void call_options(char **words, size_t count) {
  (void)count;
  keep(words[1], OPTIONS, smtpconn_options_new());
  reply(0);
}

void call_set(char **words, size_t count) {
  smtpconn_options *options = find(words[1], OPTIONS);
  (void)count;
  begin_reply(set_option(options, words[2], words[3]));
  put_error("error", smtpconn_options_last_error(options));
  end_line();
}
