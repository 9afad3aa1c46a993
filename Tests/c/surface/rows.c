/*
 * rows.c - what holds for every option and every envelope field of its type
 *
 * NULL handles, defaults, what a getter gives back, and what is refused. Where a type is
 * not enough, the other files say more.
 */
#include "surface.h"

#include "../option_rows.h"

#include <limits.h>

/* `name` must be refused, and nothing must have changed: the caller looks. */
#define REFUSED(option, value) \
  refused(options, smtpconn_options_set_##option(options, value), #option)
#define ACCEPTED(option, value) accepted(options, smtpconn_options_set_##option(options, value))

#define FLAG(option, standard)                                        \
  static void flag_##option(smtpconn_options *options) {              \
    CHECK_INT(smtpconn_options_set_##option(NULL, 1), SMTPCONN_ESTATE); \
    CHECK_INT(smtpconn_options_##option(NULL), 0);                    \
    CHECK_INT(smtpconn_options_##option(options), standard);          \
    ACCEPTED(option, !(standard));                                    \
    CHECK_INT(smtpconn_options_##option(options), !(standard));       \
    ACCEPTED(option, standard);                                       \
    CHECK_INT(smtpconn_options_##option(options), standard);          \
    ACCEPTED(option, 2); /* anything but 0 is yes */                  \
    CHECK_INT(smtpconn_options_##option(options), 1);                 \
  }
FLAG_OPTIONS(FLAG)

#define NUMBER(option, low, high, standard, other)                          \
  static void number_##option(smtpconn_options *options) {                  \
    CHECK_INT(smtpconn_options_set_##option(NULL, other), SMTPCONN_ESTATE); \
    CHECK_INT(smtpconn_options_##option(NULL), 0);                          \
    CHECK_INT(smtpconn_options_##option(options), standard);                \
    ACCEPTED(option, low);                                                  \
    ACCEPTED(option, high);                                                 \
    CHECK_INT(smtpconn_options_##option(options), high);                    \
    ACCEPTED(option, other);                                                \
    REFUSED(option, (low) - 1);                                             \
    REFUSED(option, (high) + 1);                                            \
    REFUSED(option, INT_MIN);                                               \
    REFUSED(option, INT_MAX);                                               \
    CHECK_INT(smtpconn_options_##option(options), other); /* as it was */   \
  }
NUMBER_OPTIONS(NUMBER)

#define DURATION(option, standard)                                         \
  static void duration_##option(smtpconn_options *options) {               \
    CHECK_INT(smtpconn_options_set_##option(NULL, 1), SMTPCONN_ESTATE);    \
    CHECK_INT(smtpconn_options_##option(NULL), 0);                         \
    CHECK_INT(smtpconn_options_##option(options), standard);               \
    ACCEPTED(option, 1);                                                   \
    CHECK_INT(smtpconn_options_##option(options), 1);                      \
    ACCEPTED(option, 86400000);                                            \
    REFUSED(option, 86400001);                                             \
    REFUSED(option, UINT32_MAX);                                           \
    CHECK_INT(smtpconn_options_##option(options), 86400000); /* as it was */ \
    ACCEPTED(option, 0);                                                   \
    CHECK_INT(smtpconn_options_##option(options), standard);               \
  }
DURATION_OPTIONS(DURATION)

/* NULL: nothing is refused before connect. */
static void refused_text(smtpconn_options *options,
                         int (*set)(smtpconn_options *options, const char *text),
                         const char *text, const char *option) {
  if (text != NULL) refused(options, set(options, text), option);
}

#define TEXT(option, standard, good, bad)                                          \
  static void text_##option(smtpconn_options *options) {                           \
    CHECK_INT(smtpconn_options_set_##option(NULL, good), SMTPCONN_ESTATE);         \
    CHECK_TEXT(smtpconn_options_##option(NULL), NULL);                             \
    CHECK_TEXT(smtpconn_options_##option(options), standard);                      \
    ACCEPTED(option, good);                                                        \
    CHECK_TEXT(smtpconn_options_##option(options), good);                          \
    CHECK(smtpconn_options_##option(options) == smtpconn_options_##option(options)); \
    refused_text(options, smtpconn_options_set_##option, bad, #option);            \
    CHECK_TEXT(smtpconn_options_##option(options), good); /* as it was */          \
    ACCEPTED(option, NULL);                                                        \
    CHECK_TEXT(smtpconn_options_##option(options), standard);                      \
  }
TEXT_OPTIONS(TEXT)

#define SECRET(option, standard, good, bad)                                \
  static void secret_##option(smtpconn_options *options) {                 \
    CHECK_INT(smtpconn_options_set_##option(NULL, good), SMTPCONN_ESTATE); \
    ACCEPTED(option, good);                                                \
    refused_text(options, smtpconn_options_set_##option, bad, #option);    \
    ACCEPTED(option, NULL);                                                \
  }
SECRET_OPTIONS(SECRET)

#define DESCRIPTOR(option)                                               \
  static void descriptor_##option(smtpconn_options *options) {           \
    CHECK_INT(smtpconn_options_set_##option(NULL, 0), SMTPCONN_ESTATE);  \
    CHECK_INT(smtpconn_options_##option(NULL), -1);                      \
    CHECK_INT(smtpconn_options_##option(options), -1);                   \
    REFUSED(option, INT_MAX);                                            \
    ACCEPTED(option, -1);                                                \
    ACCEPTED(option, INT_MIN);                                           \
    CHECK_INT(smtpconn_options_##option(options), -1);                   \
  }
DESCRIPTOR_OPTIONS(DESCRIPTOR)

/* Each option alone, so that none decides about another. */
static void alone(void (*check)(smtpconn_options *options)) {
  smtpconn_options *options = smtpconn_options_new();
  check(options);
  smtpconn_options_free(options);
}

void option_rows(void) {
#define FLAG_ALONE(option, standard) alone(flag_##option);
#define NUMBER_ALONE(option, low, high, standard, other) alone(number_##option);
#define DURATION_ALONE(option, standard) alone(duration_##option);
#define TEXT_ALONE(option, standard, good, bad) alone(text_##option);
#define SECRET_ALONE(option, standard, good, bad) alone(secret_##option);
#define DESCRIPTOR_ALONE(option) alone(descriptor_##option);
  FLAG_OPTIONS(FLAG_ALONE)
  NUMBER_OPTIONS(NUMBER_ALONE)
  DURATION_OPTIONS(DURATION_ALONE)
  TEXT_OPTIONS(TEXT_ALONE)
  SECRET_OPTIONS(SECRET_ALONE)
  DESCRIPTOR_OPTIONS(DESCRIPTOR_ALONE)
}

/* The result of a setter that refuses, and the error that names the field. */
static void field_refused(smtpconn_envelope *envelope, int result, const char *field) {
  const smtpconn_error *error = smtpconn_envelope_last_error(envelope);
  CHECK_INT(result, SMTPCONN_EENVELOPE);
  CHECK_INT(smtpconn_error_code(error), SMTPCONN_EENVELOPE);
  CHECK(error != NULL && strstr(smtpconn_error_message(error), field) != NULL);
}

/* After a call that was refused: the next one that succeeds forgets why. */
static void complain(smtpconn_envelope *envelope) {
  CHECK_INT(smtpconn_envelope_set_from(envelope, "nobody"), SMTPCONN_EENVELOPE);
  CHECK(smtpconn_envelope_last_error(envelope) != NULL);
}

#define FIELD(field, value, null, first)                                       \
  CHECK_INT(smtpconn_envelope_set_##field(NULL, value), SMTPCONN_ESTATE);      \
  CHECK_INT(smtpconn_envelope_##field(NULL), null);                            \
  CHECK_INT(smtpconn_envelope_##field(envelope), first);                       \
  complain(envelope);                                                          \
  CHECK_INT(smtpconn_envelope_set_##field(envelope, value), SMTPCONN_OK);      \
  CHECK(smtpconn_envelope_last_error(envelope) == NULL);                       \
  CHECK_INT(smtpconn_envelope_##field(envelope), value);                       \
  CHECK_INT(smtpconn_envelope_set_##field(envelope, first), SMTPCONN_OK);      \
  CHECK_INT(smtpconn_envelope_##field(envelope), first);

#define FLAG_FIELD(field)                                             \
  FIELD(field, 1, 0, 0)                                               \
  CHECK_INT(smtpconn_envelope_set_##field(envelope, 2), SMTPCONN_OK); \
  CHECK_INT(smtpconn_envelope_##field(envelope), 1);
#define OPEN_FLAG_FIELD(field) FIELD(field, 1, 0, -1) FIELD(field, 0, 0, -1)
#define SIZE_FIELD(field) FIELD(field, 123, 0, 0) FIELD(field, INT64_MAX, 0, 0)

#define NUMBER_FIELD(field, low, high, other)                                              \
  FIELD(field, other, 0, SMTPCONN_UNSET)                                                   \
  FIELD(field, low, 0, SMTPCONN_UNSET)                                                     \
  FIELD(field, high, 0, SMTPCONN_UNSET)                                                    \
  CHECK_INT(smtpconn_envelope_set_##field(envelope, other), SMTPCONN_OK);                  \
  field_refused(envelope, smtpconn_envelope_set_##field(envelope, (low) - 1), #field);     \
  field_refused(envelope, smtpconn_envelope_set_##field(envelope, (high) + 1), #field);    \
  field_refused(envelope, smtpconn_envelope_set_##field(envelope, INT_MIN + 1), #field);   \
  field_refused(envelope, smtpconn_envelope_set_##field(envelope, INT_MAX), #field);       \
  CHECK_INT(smtpconn_envelope_##field(envelope), other); /* as it was */                   \
  CHECK_INT(smtpconn_envelope_set_##field(envelope, SMTPCONN_UNSET), SMTPCONN_OK);

#define TEXT_FIELD(field, good, bad)                                                       \
  CHECK_INT(smtpconn_envelope_set_##field(NULL, good), SMTPCONN_ESTATE);                   \
  CHECK_TEXT(smtpconn_envelope_##field(NULL), NULL);                                       \
  CHECK_TEXT(smtpconn_envelope_##field(envelope), NULL);                                   \
  CHECK_INT(smtpconn_envelope_set_##field(envelope, good), SMTPCONN_OK);                   \
  CHECK_TEXT(smtpconn_envelope_##field(envelope), good);                                   \
  field_refused(envelope, smtpconn_envelope_set_##field(envelope, bad), #field);           \
  field_refused(envelope, smtpconn_envelope_set_##field(envelope, ""), #field);            \
  CHECK_TEXT(smtpconn_envelope_##field(envelope), good); /* as it was */                   \
  CHECK_INT(smtpconn_envelope_set_##field(envelope, NULL), SMTPCONN_OK);                   \
  CHECK_TEXT(smtpconn_envelope_##field(envelope), NULL);

#define RECIPIENT_TEXT_FIELD(field, good, bad)                                             \
  CHECK_INT(smtpconn_envelope_set_##field(NULL, 0, good), SMTPCONN_ESTATE);                \
  CHECK_TEXT(smtpconn_envelope_##field(NULL, 0), NULL);                                    \
  CHECK_TEXT(smtpconn_envelope_##field(envelope, 1), NULL);                                \
  CHECK_INT(smtpconn_envelope_set_##field(envelope, 1, good), SMTPCONN_OK);                \
  CHECK_TEXT(smtpconn_envelope_##field(envelope, 1), good);                                \
  CHECK_TEXT(smtpconn_envelope_##field(envelope, 0), NULL);                                \
  field_refused(envelope, smtpconn_envelope_set_##field(envelope, 1, bad), #field);        \
  CHECK_TEXT(smtpconn_envelope_##field(envelope, 1), good); /* as it was */                \
  field_refused(envelope, smtpconn_envelope_set_##field(envelope, 2, good), "number 2");   \
  field_refused(envelope, smtpconn_envelope_set_##field(envelope, SIZE_MAX, good), "number"); \
  CHECK_TEXT(smtpconn_envelope_##field(envelope, 2), NULL);                                \
  CHECK_TEXT(smtpconn_envelope_##field(envelope, SIZE_MAX), NULL);                         \
  CHECK_INT(smtpconn_envelope_set_##field(envelope, 1, NULL), SMTPCONN_OK);                \
  CHECK_TEXT(smtpconn_envelope_##field(envelope, 1), NULL);

void field_rows(void) {
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  CHECK_INT(smtpconn_envelope_add_to(envelope, "a@example.com"), SMTPCONN_OK);
  CHECK_INT(smtpconn_envelope_add_to(envelope, "b@example.com"), SMTPCONN_OK);
  FLAG_FIELDS(FLAG_FIELD)
  OPEN_FLAG_FIELDS(OPEN_FLAG_FIELD)
  SIZE_FIELDS(SIZE_FIELD)
  NUMBER_FIELDS(NUMBER_FIELD)
  TEXT_FIELDS(TEXT_FIELD)
  RECIPIENT_TEXT_FIELDS(RECIPIENT_TEXT_FIELD)
  smtpconn_envelope_free(envelope);
}
