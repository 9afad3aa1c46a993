/*
 * envelope.c - envelopes
 */
#include "surface.h"

/* Parameters that the library does not know, of MAIL and of a recipient. */
static void parameters(smtpconn_envelope *envelope) {
  CHECK_TEXT(smtpconn_envelope_parameter(envelope, "X-A"), NULL);
  CHECK_INT(smtpconn_envelope_set_parameter(envelope, "X-A", "1"), SMTPCONN_OK);
  CHECK_INT(smtpconn_envelope_set_parameter(envelope, "X-B", ""), SMTPCONN_OK);
  CHECK_TEXT(smtpconn_envelope_parameter(envelope, "x-a"), "1");
  CHECK_TEXT(smtpconn_envelope_parameter(envelope, "X-B"), "");
  CHECK_TEXT(smtpconn_envelope_parameter(envelope, NULL), NULL);
  CHECK_INT(smtpconn_envelope_set_parameter(envelope, NULL, "1"), SMTPCONN_EENVELOPE);
  CHECK_INT(smtpconn_envelope_set_parameter(envelope, "-", NULL), SMTPCONN_EENVELOPE);
  CHECK_INT(smtpconn_envelope_set_parameter(envelope, "X-A", "1 2"), SMTPCONN_EENVELOPE);
  CHECK_TEXT(smtpconn_envelope_parameter(envelope, "X-A"), "1"); /* as it was */
  CHECK_INT(smtpconn_envelope_set_parameter(envelope, "X-A", NULL), SMTPCONN_OK);
  CHECK_TEXT(smtpconn_envelope_parameter(envelope, "X-A"), NULL);
  CHECK_INT(smtpconn_envelope_set_to_parameter(envelope, 1, "X-A", "2"), SMTPCONN_OK);
  CHECK_TEXT(smtpconn_envelope_to_parameter(envelope, 1, "X-A"), "2");
  CHECK_TEXT(smtpconn_envelope_to_parameter(envelope, 0, "X-A"), NULL);
  CHECK_TEXT(smtpconn_envelope_to_parameter(envelope, SIZE_MAX, "X-A"), NULL);
  CHECK_INT(smtpconn_envelope_set_to_parameter(envelope, SIZE_MAX, "X-A", "2"), SMTPCONN_EENVELOPE);
  CHECK_INT(smtpconn_envelope_set_to_parameter(envelope, 1, "X=", "2"), SMTPCONN_EENVELOPE);
  CHECK_INT(smtpconn_envelope_set_to_parameter(envelope, 1, "X-A", NULL), SMTPCONN_OK);
  CHECK_TEXT(smtpconn_envelope_to_parameter(envelope, 1, "X-A"), NULL);
}

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

  CHECK_INT(smtpconn_envelope_set_size(envelope, UINT64_MAX), SMTPCONN_OK);
  CHECK(smtpconn_envelope_size(envelope) == UINT64_MAX);
  /* An index is a size_t, and is shown as one. */
  CHECK_INT(smtpconn_envelope_set_to_dsn_notify(envelope, SIZE_MAX, "NEVER"), SMTPCONN_EENVELOPE);
  CHECK(strchr(smtpconn_error_message(smtpconn_envelope_last_error(envelope)), '-') == NULL);
  parameters(envelope);
  smtpconn_envelope_free(envelope);
}
