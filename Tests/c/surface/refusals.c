/*
 * refusals.c - what options refuse, and how they tell
 */
#include "surface.h"

void refused(smtpconn_options *options, int result, const char *option) {
  const smtpconn_error *error = smtpconn_options_last_error(options);
  CHECK_INT(result, SMTPCONN_EOPTIONS);
  CHECK(error != NULL);
  CHECK_INT(smtpconn_error_code(error), SMTPCONN_EOPTIONS);
  CHECK_TEXT(smtpconn_error_name(error), "EOPTIONS");
  CHECK_TEXT(smtpconn_error_command(error), "API");
  CHECK_TEXT(smtpconn_error_phase(error), "options");
  CHECK_INT(smtpconn_error_retry(error), SMTPCONN_RETRY_NO);
  CHECK_TEXT(smtpconn_error_response(error), NULL);
  if (error != NULL && strstr(smtpconn_error_message(error), option) == NULL) {
    CHECK_TEXT(smtpconn_error_message(error), option); /* shows both */
  }
}

void accepted(smtpconn_options *options, int result) {
  CHECK_INT(result, SMTPCONN_OK);
  CHECK(smtpconn_options_last_error(options) == NULL);
}

/* Who sets every option, those that are not given to NULL, loses nothing. */
void forms(void) {
  smtpconn_options *options = smtpconn_options_new();
  accepted(options, smtpconn_options_set_tls_ca_file(options, "ca.pem"));
  accepted(options, smtpconn_options_set_tls_ca(options, NULL));
  CHECK_TEXT(smtpconn_options_tls_ca_file(options), "ca.pem");
  accepted(options, smtpconn_options_set_tls_ca(options, "text"));
  CHECK_TEXT(smtpconn_options_tls_ca_file(options), NULL);
  accepted(options, smtpconn_options_set_tls_ca_file(options, NULL));
  CHECK_TEXT(smtpconn_options_tls_ca(options), "text");
  accepted(options, smtpconn_options_set_tls_ca(options, NULL));
  CHECK_TEXT(smtpconn_options_tls_ca(options), NULL);
  accepted(options, smtpconn_options_set_tls_certificate_file(options, "cert.pem"));
  accepted(options, smtpconn_options_set_tls_certificate(options, NULL));
  CHECK_TEXT(smtpconn_options_tls_certificate_file(options), "cert.pem");
  accepted(options, smtpconn_options_set_tls_key_file(options, "key.pem"));
  accepted(options, smtpconn_options_set_tls_key(options, NULL));
  CHECK_TEXT(smtpconn_options_tls_key_file(options), "key.pem");
  smtpconn_options_free(options);
}

void sessions(void) {
  smtpconn_options *options = smtpconn_options_new();
  char buffer[4] = "abc";
  CHECK_INT(smtpconn_options_take_tls_session(options, buffer, sizeof buffer), 0);
  CHECK_INT(smtpconn_options_take_tls_session(options, NULL, (size_t)-1), 0);
  CHECK_TEXT(buffer, "abc");
  refused(options, smtpconn_options_add_tls_session(options, buffer, 3), "TLS session");
  refused(options, smtpconn_options_add_tls_session(options, buffer, 0), "TLS session");
  refused(options, smtpconn_options_add_tls_session(options, NULL, 0), "TLS session");
  refused(options, smtpconn_options_add_tls_session(options, NULL, 3), "TLS session");
  refused(options, smtpconn_options_add_tls_session(options, buffer, (size_t)-1), "TLS session");
  accepted(options, smtpconn_options_set_tls_resumption(options, 0));
  refused(options, smtpconn_options_add_tls_session(options, buffer, 3), "tls_resumption");
  smtpconn_options_free(options);
}

void contradictions(void) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn *connection;
  smtpconn_options_set_secure(options, 1);
  smtpconn_options_set_ignore_tls(options, 1);
  CHECK(smtpconn_new(options, NULL) == NULL);
  refused(options, SMTPCONN_EOPTIONS, "ignore_tls");
  /* It could have become the name of a mechanism of the caller's. */
  smtpconn_options_set_secure(options, 0);
  accepted(options, smtpconn_options_set_auth_method(options, "NTLM"));
  CHECK(smtpconn_new(options, NULL) == NULL);
  refused(options, SMTPCONN_EOPTIONS, "auth_method");
  accepted(options, smtpconn_options_set_auth_method(options, NULL));
  smtpconn_options_set_require_tls(options, 1);
  CHECK(smtpconn_new(options, NULL) == NULL);
  refused(options, SMTPCONN_EOPTIONS, "require_tls");
  /* Mended, the same options will do. */
  smtpconn_options_set_ignore_tls(options, 0);
  connection = smtpconn_new(options, NULL);
  CHECK(connection != NULL);
  CHECK(smtpconn_options_last_error(options) == NULL);
  smtpconn_options_free(options); /* the connection has its own copy */
  smtpconn_free(connection);
}
