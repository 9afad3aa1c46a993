/*
 * envelopes.c - envelopes and their values by name
 */
#include "drive.h"

#include "../option_rows.h"

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

static int describe(smtpconn_envelope *envelope, const char *name, const char *value,
                    const char *index) {
  /* "parameter:X-NAME" */
  if (strncmp(name, "parameter:", sizeof "parameter:" - 1) == 0) {
    name += sizeof "parameter:" - 1;
    return index == NULL
               ? smtpconn_envelope_set_parameter(envelope, name, value)
               : smtpconn_envelope_set_to_parameter(envelope, strtoul(index, NULL, 10), name, value);
  }
/* For a recipient "dsn_notify" is to_dsn_notify. */
#define DESCRIBE_RECIPIENT(field, good, bad)                                                 \
  if (index != NULL && strcmp(name, &#field[sizeof "to_" - 1]) == 0) {                       \
    return smtpconn_envelope_set_##field(envelope, strtoul(index, NULL, 10), value);         \
  }
#define DESCRIBE_TEXT(field, good, bad) \
  if (strcmp(name, #field) == 0) return smtpconn_envelope_set_##field(envelope, value);
#define DESCRIBE_FLAG(field)                                                        \
  if (strcmp(name, #field) == 0) {                                                  \
    return smtpconn_envelope_set_##field(envelope, (int)strtol(value, NULL, 10));   \
  }
#define DESCRIBE_NUMBER(field, low, high, value) DESCRIBE_FLAG(field)
  RECIPIENT_TEXT_FIELDS(DESCRIBE_RECIPIENT)
  TEXT_FIELDS(DESCRIBE_TEXT)
  FLAG_FIELDS(DESCRIBE_FLAG)
  NUMBER_FIELDS(DESCRIBE_NUMBER)
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
