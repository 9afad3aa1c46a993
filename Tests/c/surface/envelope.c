/*
 * envelope.c - envelopes
 */
#include "surface.h"

void envelope(void) {
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  const smtpconn_error *error;
  CHECK(smtpconn_envelope_last_error(envelope) == NULL);
  CHECK_TEXT(smtpconn_envelope_from(envelope), "");
  CHECK_INT(smtpconn_envelope_to_count(envelope), 0);
  CHECK_INT(smtpconn_envelope_set_from(envelope, "  a@example.com "), SMTPCONN_OK);
  CHECK_TEXT(smtpconn_envelope_from(envelope), "a@example.com");
  CHECK_INT(smtpconn_envelope_set_from(envelope, "a@exam\r\nple.com"), SMTPCONN_EENVELOPE);
  error = smtpconn_envelope_last_error(envelope);
  CHECK_INT(smtpconn_error_code(error), SMTPCONN_EENVELOPE);
  CHECK_TEXT(smtpconn_error_command(error), "API");
  CHECK(strchr(smtpconn_error_message(error), '\r') == NULL);
  CHECK_TEXT(smtpconn_envelope_from(envelope), "a@example.com"); /* as it was */
  CHECK_INT(smtpconn_envelope_set_from(envelope, NULL), SMTPCONN_OK);
  CHECK_TEXT(smtpconn_envelope_from(envelope), "");
  CHECK(smtpconn_envelope_last_error(envelope) == NULL);

  CHECK_INT(smtpconn_envelope_add_to(envelope, "b@example.com"), SMTPCONN_OK);
  CHECK_INT(smtpconn_envelope_add_to(envelope, "not an address"), SMTPCONN_EENVELOPE);
  CHECK_INT(smtpconn_envelope_add_to(envelope, NULL), SMTPCONN_EENVELOPE);
  CHECK_INT(smtpconn_envelope_add_to(envelope, ""), SMTPCONN_EENVELOPE);
  CHECK_INT(smtpconn_envelope_add_to(envelope, "\xff\xfe@example.com"), SMTPCONN_EENVELOPE);
  CHECK_INT(smtpconn_envelope_add_to(envelope, "b@example.com"), SMTPCONN_OK); /* twice */
  CHECK_INT(smtpconn_envelope_add_to(envelope, "Postmaster"), SMTPCONN_OK);
  CHECK_INT(smtpconn_envelope_to_count(envelope), 3);
  CHECK_TEXT(smtpconn_envelope_to(envelope, 1), "b@example.com");
  CHECK_TEXT(smtpconn_envelope_to(envelope, 2), "Postmaster");
  CHECK_TEXT(smtpconn_envelope_to(envelope, 3), NULL);
  CHECK_TEXT(smtpconn_envelope_to(envelope, SIZE_MAX), NULL);
  CHECK_TEXT(smtpconn_envelope_to(envelope, SIZE_MAX / 2 + 1), NULL);

  CHECK_INT(smtpconn_envelope_size(envelope), 0);
  CHECK_INT(smtpconn_envelope_set_from(envelope, "nobody"), SMTPCONN_EENVELOPE);
  CHECK(smtpconn_envelope_last_error(envelope) != NULL);
  CHECK_INT(smtpconn_envelope_set_size(envelope, 123), SMTPCONN_OK);
  CHECK(smtpconn_envelope_last_error(envelope) == NULL); /* that of the last call */
  CHECK_INT(smtpconn_envelope_size(envelope), 123);
  if (smtpconn_envelope_set_size(envelope, UINT64_MAX) == SMTPCONN_OK) {
    CHECK(smtpconn_envelope_size(envelope) == UINT64_MAX);
  } else {
    CHECK_INT(smtpconn_envelope_size(envelope), 123);
  }
  CHECK_INT(smtpconn_envelope_use_8bitmime(envelope), -1);
  CHECK_INT(smtpconn_envelope_set_use_8bitmime(envelope, 1), SMTPCONN_OK);
  CHECK_INT(smtpconn_envelope_use_8bitmime(envelope), 1);
  CHECK_INT(smtpconn_envelope_set_use_8bitmime(envelope, 0), SMTPCONN_OK);
  CHECK_INT(smtpconn_envelope_use_8bitmime(envelope), 0);
  CHECK_INT(smtpconn_envelope_set_use_8bitmime(envelope, -1), SMTPCONN_OK);
  CHECK_INT(smtpconn_envelope_use_8bitmime(envelope), -1);
  CHECK_INT(smtpconn_envelope_use_smtputf8(envelope), 0);
  CHECK_INT(smtpconn_envelope_set_use_smtputf8(envelope, 1), SMTPCONN_OK);
  CHECK_INT(smtpconn_envelope_use_smtputf8(envelope), 1);
  CHECK_INT(smtpconn_envelope_require_tls(envelope), 0);
  CHECK_INT(smtpconn_envelope_set_require_tls(envelope, 1), SMTPCONN_OK);
  CHECK_INT(smtpconn_envelope_require_tls(envelope), 1);
  CHECK_INT(smtpconn_envelope_use_binarymime(envelope), 0);
  CHECK_INT(smtpconn_envelope_set_use_binarymime(envelope, 2), SMTPCONN_OK);
  CHECK_INT(smtpconn_envelope_use_binarymime(envelope), 1);
  CHECK_INT(smtpconn_envelope_set_use_binarymime(envelope, 0), SMTPCONN_OK);
  CHECK_INT(smtpconn_envelope_use_binarymime(envelope), 0);
  CHECK_INT(smtpconn_envelope_all_or_none(envelope), 0);
  CHECK_INT(smtpconn_envelope_set_all_or_none(envelope, 2), SMTPCONN_OK);
  CHECK_INT(smtpconn_envelope_all_or_none(envelope), 1);
  CHECK_INT(smtpconn_envelope_set_all_or_none(envelope, 0), SMTPCONN_OK);
  CHECK_INT(smtpconn_envelope_all_or_none(envelope), 0);
  CHECK_INT(smtpconn_envelope_set_to_dsn_notify(envelope, 2, "NEVER"), SMTPCONN_OK);
  CHECK_TEXT(smtpconn_envelope_to_dsn_notify(envelope, 2), "NEVER");
  CHECK_TEXT(smtpconn_envelope_to_dsn_notify(envelope, 1), NULL);
  CHECK_TEXT(smtpconn_envelope_to_dsn_notify(envelope, SIZE_MAX), NULL);
  CHECK_INT(smtpconn_envelope_set_to_dsn_notify(envelope, 3, "NEVER"), SMTPCONN_EENVELOPE);
  CHECK_INT(smtpconn_envelope_set_to_dsn_notify(envelope, SIZE_MAX, "NEVER"), SMTPCONN_EENVELOPE);
  CHECK(strchr(smtpconn_error_message(smtpconn_envelope_last_error(envelope)), '-') == NULL);
  CHECK_INT(smtpconn_envelope_set_to_dsn_orcpt(envelope, 0, "x@example.com"), SMTPCONN_OK);
  CHECK_TEXT(smtpconn_envelope_to_dsn_orcpt(envelope, 0), "x@example.com");
  CHECK_TEXT(smtpconn_envelope_to_dsn_orcpt(envelope, 7), NULL);
  CHECK_INT(smtpconn_envelope_set_to_dsn_orcpt(envelope, 7, "x@example.com"), SMTPCONN_EENVELOPE);
  smtpconn_envelope_free(envelope);
}

void delivery_status(void) {
  static const struct {
    int (*set)(smtpconn_envelope *envelope, const char *text);
    const char *(*get)(const smtpconn_envelope *envelope);
    const char *name, *good, *bad;
  } fields[] = {
      {smtpconn_envelope_set_dsn_ret, smtpconn_envelope_dsn_ret, "dsn_ret", "HDRS", "BODY"},
      {smtpconn_envelope_set_dsn_envid, smtpconn_envelope_dsn_envid, "dsn_envid", "a b+c=d", "a\n"},
      {smtpconn_envelope_set_dsn_notify, smtpconn_envelope_dsn_notify, "dsn_notify",
       "SUCCESS,DELAY", "NEVER,DELAY"},
      {smtpconn_envelope_set_dsn_orcpt, smtpconn_envelope_dsn_orcpt, "dsn_orcpt",
       "rfc822;a@example.com", ";a@example.com"},
  };
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  size_t index;
  for (index = 0; index < sizeof fields / sizeof fields[0]; index++) {
    CHECK_INT(fields[index].set(NULL, fields[index].good), SMTPCONN_ESTATE);
    CHECK_TEXT(fields[index].get(NULL), NULL);
    CHECK_TEXT(fields[index].get(envelope), NULL);
    CHECK_INT(fields[index].set(envelope, fields[index].good), SMTPCONN_OK);
    CHECK_TEXT(fields[index].get(envelope), fields[index].good);
    CHECK_INT(fields[index].set(envelope, fields[index].bad), SMTPCONN_EENVELOPE);
    CHECK(strstr(smtpconn_error_message(smtpconn_envelope_last_error(envelope)),
                 fields[index].name) != NULL);
    CHECK_INT(fields[index].set(envelope, ""), SMTPCONN_EENVELOPE);
    CHECK_TEXT(fields[index].get(envelope), fields[index].good); /* as it was */
    CHECK_INT(fields[index].set(envelope, NULL), SMTPCONN_OK);
    CHECK_TEXT(fields[index].get(envelope), NULL);
  }
  smtpconn_envelope_free(envelope);
}
