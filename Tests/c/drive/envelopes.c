/*
 * envelopes.c - envelopes and their values by name
 */
#include "drive.h"

#include <stdlib.h>
#include <string.h>

void call_envelope(char **words, size_t count) {
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  int result;
  size_t index;
  smtpconn_envelope_set_size(envelope, strtoull(words[3], NULL, 10));
  if (words[4] != NULL) smtpconn_envelope_set_use_8bitmime(envelope, atoi(words[4]));
  result = smtpconn_envelope_set_from(envelope, words[2]);
  for (index = 5; index < count && result == 0; index++) {
    result = smtpconn_envelope_add_to(envelope, words[index]);
  }
  begin_reply(result);
  put_error("error", result < 0 ? smtpconn_envelope_last_error(envelope) : NULL);
  end_line();
  keep(words[1], ENVELOPE, envelope);
}

#define ENVELOPE_STRINGS(X) X(dsn_ret) X(dsn_envid) X(dsn_notify) X(dsn_orcpt)
#define ENVELOPE_INTS(X) X(use_smtputf8) X(require_tls) X(all_or_none) \
  X(use_binarymime)
#define RECIPIENT_STRINGS(X) X(dsn_notify) X(dsn_orcpt)

static int describe(smtpconn_envelope *envelope, const char *name, const char *value,
                    const char *index) {
#define DESCRIBE_RECIPIENT(field)                                                            \
  if (index != NULL && strcmp(name, #field) == 0) {                                          \
    return smtpconn_envelope_set_to_##field(envelope, strtoul(index, NULL, 10), value);      \
  }
#define DESCRIBE_STRING(field) \
  if (strcmp(name, #field) == 0) return smtpconn_envelope_set_##field(envelope, value);
#define DESCRIBE_INT(field)                                                         \
  if (strcmp(name, #field) == 0) {                                                  \
    return smtpconn_envelope_set_##field(envelope, (int)strtol(value, NULL, 10));   \
  }
  RECIPIENT_STRINGS(DESCRIBE_RECIPIENT)
  ENVELOPE_STRINGS(DESCRIBE_STRING)
  ENVELOPE_INTS(DESCRIBE_INT)
  die("no such value of an envelope", name);
  return 0;
}

void call_describe(char **words, size_t count) {
  smtpconn_envelope *envelope = find(words[1], ENVELOPE);
  (void)count;
  begin_reply(describe(envelope, words[2], words[3], words[4]));
  put_error("error", smtpconn_envelope_last_error(envelope));
  end_line();
}
