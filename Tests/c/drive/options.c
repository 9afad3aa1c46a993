/*
 * options.c - options by name
 */
#include "drive.h"

#include "../option_rows.h"

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

static int set_option(smtpconn_options *options, const char *name, char *value) {
#define SET_TEXT(option, standard, good, bad) \
  if (strcmp(name, #option) == 0) return smtpconn_options_set_##option(options, value);
#define SET_FLAG(option, standard) SET_INT(option)
#define SET_NUMBER(option, low, high, standard, other) SET_INT(option)
#define SET_INT(option)                                                              \
  if (strcmp(name, #option) == 0) {                                                  \
    return smtpconn_options_set_##option(options, (int)strtol(value, NULL, 10));     \
  }
#define SET_DURATION(option, standard)                                                \
  if (strcmp(name, #option) == 0) {                                                   \
    return smtpconn_options_set_##option(options, (uint32_t)strtoul(value, NULL, 10)); \
  }
#define SET_DESCRIPTOR(option)                                                   \
  if (strcmp(name, #option) == 0) {                                              \
    return set_descriptor(options, value, smtpconn_options_set_##option,         \
                          smtpconn_options_##option);                            \
  }
  DESCRIPTOR_OPTIONS(SET_DESCRIPTOR)
  TEXT_OPTIONS(SET_TEXT)
  SECRET_OPTIONS(SET_TEXT)
  FLAG_OPTIONS(SET_FLAG)
  NUMBER_OPTIONS(SET_NUMBER)
  DURATION_OPTIONS(SET_DURATION)
  if (strcmp(name, "tls_key_password_callback") == 0) return set_key_password(options, value);
  if (strcmp(name, "tls_context_callback") == 0) return set_context_change(options, value);
  if (strcmp(name, "tls_key_log_callback") == 0) return set_key_log(options, value);
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
