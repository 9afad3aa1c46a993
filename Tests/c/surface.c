/*
 * surface.c - every function of the header, without a server
 *
 * NULL handles, indexes beyond the end, values out of range, what a setter was
 * given and a getter gives back, and the fields of the errors that come of it.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <smtpconn.h>

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void version(void) {
  char text[64];
  /* Computed anew: a macro made of other macros is easily made of the wrong ones. */
  CHECK_INT(SMTPCONN_VERSION_NUMBER, SMTPCONN_VERSION_MAJOR * 65536 +
                                         SMTPCONN_VERSION_MINOR * 256 + SMTPCONN_VERSION_PATCH);
  snprintf(text, sizeof text, "%d.%d.%d", SMTPCONN_VERSION_MAJOR, SMTPCONN_VERSION_MINOR,
           SMTPCONN_VERSION_PATCH);
  CHECK_TEXT(SMTPCONN_VERSION, text);
  CHECK_TEXT(smtpconn_version(), SMTPCONN_VERSION);
  CHECK_INT(smtpconn_version_number(), SMTPCONN_VERSION_NUMBER);
}

static void codes(void) {
  static const struct {
    int code;
    int number;
    const char *name;
  } all[] = {
      {SMTPCONN_OK, 0, "OK"},
      {SMTPCONN_EDNS, -1, "EDNS"},
      {SMTPCONN_ECONNECTION, -2, "ECONNECTION"},
      {SMTPCONN_ESOCKET, -3, "ESOCKET"},
      {SMTPCONN_ETIMEDOUT, -4, "ETIMEDOUT"},
      {SMTPCONN_ETLS, -5, "ETLS"},
      {SMTPCONN_EREQUIRETLS, -6, "EREQUIRETLS"},
      {SMTPCONN_EPROTOCOL, -7, "EPROTOCOL"},
      {SMTPCONN_EENVELOPE, -8, "EENVELOPE"},
      {SMTPCONN_EMESSAGE, -9, "EMESSAGE"},
      {SMTPCONN_ESTREAM, -10, "ESTREAM"},
      {SMTPCONN_EAUTH, -11, "EAUTH"},
      {SMTPCONN_EOAUTH2, -12, "EOAUTH2"},
      {SMTPCONN_EPROXY, -13, "EPROXY"},
      {SMTPCONN_EOPTIONS, -14, "EOPTIONS"},
      {SMTPCONN_ESTATE, -15, "ESTATE"},
      {SMTPCONN_ECANCELLED, -16, "ECANCELLED"},
  };
  static const int unknown[] = {1, -17, -1000, INT_MAX, INT_MIN};
  size_t index, other;
  for (index = 0; index < sizeof all / sizeof all[0]; index++) {
    CHECK_INT(all[index].code, all[index].number); /* numbers never change */
    CHECK_TEXT(smtpconn_code_name(all[index].code), all[index].name);
    CHECK(strlen(smtpconn_code_text(all[index].code)) > 5);
    for (other = 0; other < index; other++) {
      CHECK(strcmp(smtpconn_code_text(all[index].code), smtpconn_code_text(all[other].code)) != 0);
    }
  }
  for (index = 0; index < sizeof unknown / sizeof unknown[0]; index++) {
    CHECK_TEXT(smtpconn_code_name(unknown[index]), "EUNKNOWN");
    CHECK(smtpconn_code_text(unknown[index]) != NULL);
  }
}

/* --- NULL ----------------------------------------------------------------- */

static void never_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  (void)connection, (void)error, (void)user;
  CHECK(0 && "a callback of an operation that was not started");
}

static void never_sent(smtpconn *connection, const smtpconn_error *error,
                       const smtpconn_result *result, void *user) {
  (void)result;
  never_done(connection, error, user);
}

static void no_event(smtpconn *connection, void *user) { never_done(connection, NULL, user); }

static void no_log(smtpconn *connection, int level, int kind, const char *text, size_t length,
                   void *user) {
  (void)connection, (void)level, (void)kind, (void)text, (void)length, (void)user;
}

static void null_error(void) {
  CHECK_INT(smtpconn_error_code(NULL), SMTPCONN_OK);
  CHECK_TEXT(smtpconn_error_name(NULL), NULL);
  CHECK_TEXT(smtpconn_error_message(NULL), NULL);
  CHECK_TEXT(smtpconn_error_response(NULL), NULL);
  CHECK_INT(smtpconn_error_response_code(NULL), 0);
  CHECK_TEXT(smtpconn_error_enhanced(NULL), NULL);
  CHECK_TEXT(smtpconn_error_command(NULL), NULL);
  CHECK_TEXT(smtpconn_error_phase(NULL), NULL);
  CHECK_TEXT(smtpconn_error_recipient(NULL), NULL);
  CHECK_INT(smtpconn_error_errno(NULL), 0);
  CHECK_TEXT(smtpconn_error_tls_reason(NULL), NULL);
  CHECK_TEXT(smtpconn_error_address(NULL), NULL);
  CHECK_INT(smtpconn_error_retry(NULL), SMTPCONN_RETRY_NO);
}

static void null_options(void) {
  smtpconn_options_free(NULL);
  CHECK(smtpconn_options_last_error(NULL) == NULL);
  CHECK_INT(smtpconn_options_set_host(NULL, "a"), SMTPCONN_ESTATE);
  CHECK_TEXT(smtpconn_options_host(NULL), NULL);
  CHECK_INT(smtpconn_options_set_port(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_port(NULL), 0);
  CHECK_INT(smtpconn_options_set_secure(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_secure(NULL), 0);
  CHECK_INT(smtpconn_options_set_ignore_tls(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_ignore_tls(NULL), 0);
  CHECK_INT(smtpconn_options_set_require_tls(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_require_tls(NULL), 0);
  CHECK_INT(smtpconn_options_set_name(NULL, "a"), SMTPCONN_ESTATE);
  CHECK_TEXT(smtpconn_options_name(NULL), NULL);
  CHECK_INT(smtpconn_options_set_dns_timeout(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_dns_timeout(NULL), 0);
  CHECK_INT(smtpconn_options_set_connection_timeout(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_connection_timeout(NULL), 0);
  CHECK_INT(smtpconn_options_set_greeting_timeout(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_greeting_timeout(NULL), 0);
  CHECK_INT(smtpconn_options_set_socket_timeout(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_socket_timeout(NULL), 0);
  CHECK_INT(smtpconn_options_set_command_timeout(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_command_timeout(NULL), 0);
  CHECK_INT(smtpconn_options_set_final_reply_timeout(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_final_reply_timeout(NULL), 0);
  CHECK_INT(smtpconn_options_set_operation_timeout(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_operation_timeout(NULL), 0);
  CHECK_INT(smtpconn_options_set_auth_method(NULL, "PLAIN"), SMTPCONN_ESTATE);
  CHECK_TEXT(smtpconn_options_auth_method(NULL), NULL);
  CHECK_INT(smtpconn_options_set_allow_insecure_auth(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_allow_insecure_auth(NULL), 0);
  CHECK_INT(smtpconn_options_set_tls_servername(NULL, "a"), SMTPCONN_ESTATE);
  CHECK_TEXT(smtpconn_options_tls_servername(NULL), NULL);
  CHECK_INT(smtpconn_options_set_tls_ca_file(NULL, "a"), SMTPCONN_ESTATE);
  CHECK_TEXT(smtpconn_options_tls_ca_file(NULL), NULL);
  CHECK_INT(smtpconn_options_set_tls_ca_directory(NULL, "a"), SMTPCONN_ESTATE);
  CHECK_TEXT(smtpconn_options_tls_ca_directory(NULL), NULL);
  CHECK_INT(smtpconn_options_set_tls_reject_unauthorized(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_tls_reject_unauthorized(NULL), 0);
  CHECK_INT(smtpconn_options_set_transaction_log(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_transaction_log(NULL), 0);
  CHECK_INT(smtpconn_options_set_debug(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_debug(NULL), 0);
  CHECK_INT(smtpconn_options_set_opportunistic_tls(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_opportunistic_tls(NULL), 0);
  CHECK_INT(smtpconn_options_set_lmtp(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_lmtp(NULL), 0);
  CHECK_INT(smtpconn_options_set_local_port(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_local_port(NULL), 0);
  CHECK_INT(smtpconn_options_set_socket(NULL, 0), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_socket(NULL), -1);
  CHECK_INT(smtpconn_options_set_connection(NULL, 0), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_connection(NULL), -1);
  CHECK_INT(smtpconn_options_set_secured(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_secured(NULL), 0);
  CHECK_INT(smtpconn_options_set_custom_mechanism(NULL, "X", NULL, NULL, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_exchange_respond(NULL, "x", 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_exchange_fail(NULL, "x"), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_set_tls_key_password_callback(NULL, NULL, NULL, NULL),
            SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_set_tls_context_callback(NULL, NULL, NULL, NULL), SMTPCONN_ESTATE);
}

/* --- options that are text ------------------------------------------------ */

static const struct text_option {
  int (*set)(smtpconn_options *options, const char *text);
  const char *(*get)(const smtpconn_options *options); /* NULL: a secret */
  const char *name;
  const char *standard;
  const char *good;
  const char *bad; /* NULL: nothing is refused before connect */
} texts[] = {
    {smtpconn_options_set_socket_path, smtpconn_options_socket_path, "socket_path", NULL,
     "/run/lmtp socket", ""},
    {smtpconn_options_set_local_address, smtpconn_options_local_address, "local_address", NULL,
     "2001:db8::1", "mail.example.com"},
    {smtpconn_options_set_tls_ca, smtpconn_options_tls_ca, "tls_ca", NULL, "a\nb\n", ""},
    {smtpconn_options_set_tls_certificate_file, smtpconn_options_tls_certificate_file,
     "tls_certificate_file", NULL, "/a/b c.pem", ""},
    {smtpconn_options_set_tls_certificate, smtpconn_options_tls_certificate, "tls_certificate",
     NULL, "a\nb\n", ""},
    {smtpconn_options_set_tls_key_file, smtpconn_options_tls_key_file, "tls_key_file", NULL,
     "/a/b c.key", ""},
    {smtpconn_options_set_tls_key, NULL, "tls_key", NULL, "a\nb\n", ""},
    {smtpconn_options_set_tls_ciphers, smtpconn_options_tls_ciphers, "tls_ciphers", NULL,
     "HIGH:!aNULL", NULL},
    {smtpconn_options_set_tls_cipher_suites, smtpconn_options_tls_cipher_suites,
     "tls_cipher_suites", NULL, "TLS_AES_128_GCM_SHA256", NULL},
    {smtpconn_options_set_tls_min_version, smtpconn_options_tls_min_version, "tls_min_version",
     "TLSv1.2", "TLSv1.3", "TLSv1.1"},
    {smtpconn_options_set_tls_max_version, smtpconn_options_tls_max_version, "tls_max_version",
     NULL, "TLSv1.2", "SSLv3"},
    {smtpconn_options_set_tls_alpn, smtpconn_options_tls_alpn, "tls_alpn", NULL, "smtp,x", "a,,b"},
};

static void option_texts(void) {
  size_t index;
  for (index = 0; index < sizeof texts / sizeof texts[0]; index++) {
    const struct text_option *text = &texts[index];
    smtpconn_options *options = smtpconn_options_new();
    CHECK_INT(text->set(NULL, text->good), SMTPCONN_ESTATE);
    CHECK_INT(text->set(options, text->good), SMTPCONN_OK);
    if (text->get != NULL) {
      CHECK_TEXT(text->get(NULL), NULL);
      CHECK_TEXT(text->get(options), text->good);
    }
    if (text->bad != NULL) {
      const smtpconn_error *error;
      CHECK_INT(text->set(options, text->bad), SMTPCONN_EOPTIONS);
      error = smtpconn_options_last_error(options);
      CHECK(error != NULL && strstr(smtpconn_error_message(error), text->name) != NULL);
      if (text->get != NULL) CHECK_TEXT(text->get(options), text->good); /* as it was */
    }
    CHECK_INT(text->set(options, NULL), SMTPCONN_OK);
    CHECK(smtpconn_options_last_error(options) == NULL);
    if (text->get != NULL) CHECK_TEXT(text->get(options), text->standard);
    smtpconn_options_free(options);
  }
}

static void null_loop(void) {
  smtpconn_loop_free(NULL);
  CHECK_INT(smtpconn_loop_run(NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_loop_run_once(NULL, 0), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_loop_fd(NULL), -1);
  CHECK_INT(smtpconn_loop_dispatch(NULL), SMTPCONN_ESTATE);
  CHECK(smtpconn_loop_timeout(NULL) <= 0);
  CHECK_INT(smtpconn_loop_wakeup(NULL), SMTPCONN_ESTATE);
}

static void null_connection(void) {
  smtpconn_free(NULL);
  smtpconn_close(NULL);
  CHECK(smtpconn_last_error(NULL) == NULL);
  smtpconn_set_connect_callback(NULL, no_event, NULL);
  smtpconn_set_error_callback(NULL, never_done, NULL);
  smtpconn_set_end_callback(NULL, no_event, NULL);
  smtpconn_set_log_callback(NULL, no_log, NULL);
  CHECK_INT(smtpconn_connect(NULL, never_done, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_run(NULL), SMTPCONN_ESTATE);
  CHECK(smtpconn_get_loop(NULL) == NULL);
  CHECK_INT(smtpconn_stage(NULL), SMTPCONN_STAGE_CLOSED);
  CHECK_TEXT(smtpconn_id(NULL), NULL);
  CHECK_TEXT(smtpconn_client_name(NULL), NULL);
  CHECK_INT(smtpconn_is_open(NULL), 0);
  CHECK_INT(smtpconn_is_secure(NULL), 0);
  CHECK_INT(smtpconn_is_authenticated(NULL), 0);
  CHECK_TEXT(smtpconn_tls_version(NULL), NULL);
  CHECK_TEXT(smtpconn_tls_cipher(NULL), NULL);
  CHECK_TEXT(smtpconn_tls_peer_name(NULL), NULL);
  CHECK_TEXT(smtpconn_remote_address(NULL), NULL);
  CHECK_TEXT(smtpconn_last_response(NULL), NULL);
  CHECK_INT(smtpconn_has_capability(NULL, "SIZE"), 0);
  CHECK_TEXT(smtpconn_capability_parameters(NULL, "SIZE"), NULL);
  CHECK_INT(smtpconn_capability_count(NULL), 0);
  CHECK_TEXT(smtpconn_capability_line(NULL, 0), NULL);
  CHECK_INT(smtpconn_login(NULL, NULL, never_done, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_send(NULL, NULL, NULL, never_sent, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_resume(NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_reset(NULL, never_done, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_quit(NULL, never_done, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_cancel(NULL), SMTPCONN_ESTATE);
}

static void null_others(void) {
  smtpconn_auth_free(NULL);
  CHECK(smtpconn_auth_last_error(NULL) == NULL);
  CHECK_INT(smtpconn_auth_set_user(NULL, "a"), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_auth_set_password(NULL, "a"), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_auth_set_access_token(NULL, "a", 0), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_auth_set_token_callback(NULL, NULL, NULL, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_token_request_provide(NULL, "a", 0), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_token_request_fail(NULL, "a"), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_auth_set_service_account(NULL, "a", "b"), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_auth_set_refresh_token(NULL, "a"), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_auth_set_client(NULL, "a", "b"), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_auth_set_scope(NULL, "a"), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_auth_set_access_url(NULL, "https://a.example/"), SMTPCONN_ESTATE);
  smtpconn_set_token_callback(NULL, NULL, NULL);

  smtpconn_envelope_free(NULL);
  CHECK(smtpconn_envelope_last_error(NULL) == NULL);
  CHECK_INT(smtpconn_envelope_set_from(NULL, "a@b"), SMTPCONN_ESTATE);
  CHECK_TEXT(smtpconn_envelope_from(NULL), NULL);
  CHECK_INT(smtpconn_envelope_add_to(NULL, "a@b"), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_envelope_to_count(NULL), 0);
  CHECK_TEXT(smtpconn_envelope_to(NULL, 0), NULL);
  CHECK_INT(smtpconn_envelope_set_size(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_envelope_size(NULL), 0);
  CHECK_INT(smtpconn_envelope_set_use_8bitmime(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_envelope_use_8bitmime(NULL), 0);
  CHECK_INT(smtpconn_envelope_set_use_smtputf8(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_envelope_use_smtputf8(NULL), 0);
  CHECK_INT(smtpconn_envelope_set_require_tls(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_envelope_require_tls(NULL), 0);
  CHECK_INT(smtpconn_envelope_set_to_dsn_notify(NULL, 0, "NEVER"), SMTPCONN_ESTATE);
  CHECK_TEXT(smtpconn_envelope_to_dsn_notify(NULL, 0), NULL);
  CHECK_INT(smtpconn_envelope_set_to_dsn_orcpt(NULL, 0, "a@b"), SMTPCONN_ESTATE);
  CHECK_TEXT(smtpconn_envelope_to_dsn_orcpt(NULL, 0), NULL);

  smtpconn_message_free(NULL);

  CHECK_INT(smtpconn_result_count(NULL), 0);
  CHECK_INT(smtpconn_result_accepted_count(NULL), 0);
  CHECK_INT(smtpconn_result_rejected_count(NULL), 0);
  CHECK_TEXT(smtpconn_result_recipient(NULL, 0), NULL);
  /* Never "accepted", which is 0. */
  CHECK_INT(smtpconn_result_status(NULL, 0), SMTPCONN_RECIPIENT_NOT_TRIED);
  CHECK_TEXT(smtpconn_result_command(NULL, 0), NULL);
  CHECK_INT(smtpconn_result_response_code(NULL, 0), 0);
  CHECK_TEXT(smtpconn_result_enhanced(NULL, 0), NULL);
  CHECK_TEXT(smtpconn_result_recipient_response(NULL, 0), NULL);
  CHECK(smtpconn_result_error(NULL, 0) == NULL);
  CHECK_TEXT(smtpconn_result_response(NULL), NULL);
  CHECK_TEXT(smtpconn_result_queue_id(NULL), NULL);
  CHECK_INT(smtpconn_result_envelope_time(NULL), 0);
  CHECK_INT(smtpconn_result_message_time(NULL), 0);
  CHECK_INT(smtpconn_result_message_size(NULL), 0);
}

/* --- options -------------------------------------------------------------- */

static void refused(smtpconn_options *options, int result, const char *option) {
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

static void accepted(smtpconn_options *options, int result) {
  CHECK_INT(result, SMTPCONN_OK);
  CHECK(smtpconn_options_last_error(options) == NULL);
}

static void option_strings(void) {
  char longest[512];
  smtpconn_options *options = smtpconn_options_new();
  CHECK(options != NULL);
  CHECK(smtpconn_options_last_error(options) == NULL);

  CHECK_TEXT(smtpconn_options_host(options), "localhost");
  accepted(options, smtpconn_options_set_host(options, "mail.example.com"));
  CHECK_TEXT(smtpconn_options_host(options), "mail.example.com");
  refused(options, smtpconn_options_set_host(options, ""), "host");
  refused(options, smtpconn_options_set_host(options, "a b"), "host");
  refused(options, smtpconn_options_set_host(options, "a\r\nb"), "host");
  refused(options, smtpconn_options_set_host(options, "a\x01"), "host");
  refused(options, smtpconn_options_set_host(options, "m\xc3\xa4il.example"), "host");
  memset(longest, 'a', sizeof longest);
  for (size_t dot = 50; dot < 254; dot += 50) longest[dot] = '.';
  longest[254] = 0;
  refused(options, smtpconn_options_set_host(options, longest), "host");
  CHECK_TEXT(smtpconn_options_host(options), "mail.example.com"); /* as it was */
  longest[253] = 0;
  accepted(options, smtpconn_options_set_host(options, longest));
  CHECK_TEXT(smtpconn_options_host(options), longest);
  accepted(options, smtpconn_options_set_host(options, "192.0.2.1"));
  accepted(options, smtpconn_options_set_host(options, "2001:db8::1"));
  accepted(options, smtpconn_options_set_host(options, "[2001:db8::1]"));
  accepted(options, smtpconn_options_set_host(options, NULL));
  CHECK_TEXT(smtpconn_options_host(options), "localhost");

  CHECK_TEXT(smtpconn_options_name(options), NULL);
  accepted(options, smtpconn_options_set_name(options, "client.example"));
  CHECK_TEXT(smtpconn_options_name(options), "client.example");
  accepted(options, smtpconn_options_set_name(options, "192.0.2.1"));
  CHECK_TEXT(smtpconn_options_name(options), "[192.0.2.1]");
  accepted(options, smtpconn_options_set_name(options, "2001:db8::1"));
  CHECK_TEXT(smtpconn_options_name(options), "[IPv6:2001:db8::1]");
  refused(options, smtpconn_options_set_name(options, "a\r\nMAIL FROM:<x@y>"), "name");
  refused(options, smtpconn_options_set_name(options, ""), "name");
  CHECK_TEXT(smtpconn_options_name(options), "[IPv6:2001:db8::1]");
  accepted(options, smtpconn_options_set_name(options, NULL));
  CHECK_TEXT(smtpconn_options_name(options), NULL);

  CHECK_TEXT(smtpconn_options_auth_method(options), NULL);
  accepted(options, smtpconn_options_set_auth_method(options, "LOGIN"));
  CHECK_TEXT(smtpconn_options_auth_method(options), "LOGIN");
  accepted(options, smtpconn_options_set_auth_method(options, "plain"));
  refused(options, smtpconn_options_set_auth_method(options, ""), "auth_method");
  refused(options, smtpconn_options_set_auth_method(options, "PLAIN\r\nX"), "auth_method");
  accepted(options, smtpconn_options_set_auth_method(options, NULL));
  CHECK_TEXT(smtpconn_options_auth_method(options), NULL);

  CHECK_TEXT(smtpconn_options_tls_servername(options), NULL);
  accepted(options, smtpconn_options_set_tls_servername(options, "mail.example.com"));
  CHECK_TEXT(smtpconn_options_tls_servername(options), "mail.example.com");
  refused(options, smtpconn_options_set_tls_servername(options, "192.0.2.1"), "tls_servername");
  refused(options, smtpconn_options_set_tls_servername(options, "2001:db8::1"), "tls_servername");
  refused(options, smtpconn_options_set_tls_servername(options, "a\nb"), "tls_servername");
  accepted(options, smtpconn_options_set_tls_servername(options, NULL));
  CHECK_TEXT(smtpconn_options_tls_servername(options), NULL);

  CHECK_TEXT(smtpconn_options_tls_ca_file(options), NULL);
  accepted(options, smtpconn_options_set_tls_ca_file(options, "/a/b c.pem"));
  CHECK_TEXT(smtpconn_options_tls_ca_file(options), "/a/b c.pem");
  accepted(options, smtpconn_options_set_tls_ca_file(options, NULL));
  CHECK_TEXT(smtpconn_options_tls_ca_file(options), NULL);
  CHECK_TEXT(smtpconn_options_tls_ca_directory(options), NULL);
  accepted(options, smtpconn_options_set_tls_ca_directory(options, "/a/b"));
  CHECK_TEXT(smtpconn_options_tls_ca_directory(options), "/a/b");
  smtpconn_options_free(options);
}

static void option_numbers(void) {
  smtpconn_options *options = smtpconn_options_new();
  CHECK_INT(smtpconn_options_port(options), 25);
  accepted(options, smtpconn_options_set_secure(options, 1));
  CHECK_INT(smtpconn_options_secure(options), 1);
  CHECK_INT(smtpconn_options_port(options), 465);
  accepted(options, smtpconn_options_set_secure(options, 0));
  CHECK_INT(smtpconn_options_port(options), 25);
  accepted(options, smtpconn_options_set_port(options, 65535));
  CHECK_INT(smtpconn_options_port(options), 65535);
  refused(options, smtpconn_options_set_port(options, 65536), "port");
  refused(options, smtpconn_options_set_port(options, -1), "port");
  refused(options, smtpconn_options_set_port(options, INT_MIN), "port");
  refused(options, smtpconn_options_set_port(options, INT_MAX), "port");
  CHECK_INT(smtpconn_options_port(options), 65535);
  accepted(options, smtpconn_options_set_port(options, 465));
  CHECK_INT(smtpconn_options_secure(options), 0); /* it was set to 0 */
  smtpconn_options_free(options);

  options = smtpconn_options_new();
  accepted(options, smtpconn_options_set_port(options, 465));
  CHECK_INT(smtpconn_options_secure(options), 1); /* nobody said otherwise */
  accepted(options, smtpconn_options_set_port(options, 0));
  CHECK_INT(smtpconn_options_secure(options), 0);
  CHECK_INT(smtpconn_options_port(options), 25);

#define SWITCH(option, standard)                                              \
  do {                                                                        \
    CHECK_INT(smtpconn_options_##option(options), standard);                  \
    accepted(options, smtpconn_options_set_##option(options, !(standard)));   \
    CHECK_INT(smtpconn_options_##option(options), !(standard));               \
    accepted(options, smtpconn_options_set_##option(options, standard));      \
    CHECK_INT(smtpconn_options_##option(options), standard);                  \
  } while (0)
  SWITCH(ignore_tls, 0);
  SWITCH(require_tls, 0);
  SWITCH(allow_insecure_auth, 0);
  SWITCH(tls_reject_unauthorized, 1);
  SWITCH(transaction_log, 0);
  SWITCH(debug, 0);
  SWITCH(opportunistic_tls, 0);
  SWITCH(lmtp, 0);
  SWITCH(secured, 0);

#define DURATION(option, standard)                                                \
  do {                                                                            \
    CHECK_INT(smtpconn_options_##option(options), standard);                      \
    accepted(options, smtpconn_options_set_##option(options, 1));                 \
    CHECK_INT(smtpconn_options_##option(options), 1);                             \
    accepted(options, smtpconn_options_set_##option(options, 86400000));          \
    refused(options, smtpconn_options_set_##option(options, 86400001), #option);  \
    refused(options, smtpconn_options_set_##option(options, UINT32_MAX), #option); \
    CHECK_INT(smtpconn_options_##option(options), 86400000);                      \
    accepted(options, smtpconn_options_set_##option(options, 0));                 \
    CHECK_INT(smtpconn_options_##option(options), standard);                      \
  } while (0)
  DURATION(dns_timeout, 30000);
  DURATION(connection_timeout, 120000);
  DURATION(greeting_timeout, 30000);
  DURATION(socket_timeout, 600000);
  DURATION(command_timeout, 300000);
  DURATION(final_reply_timeout, 600000);
  DURATION(operation_timeout, 3600000);
  smtpconn_options_free(options);
}

static void option_descriptors(void) {
  smtpconn_options *options = smtpconn_options_new();
  int descriptor = open("/dev/null", O_RDWR);
  accepted(options, smtpconn_options_set_lmtp(options, 1));
  CHECK_INT(smtpconn_options_port(options), 24);
  accepted(options, smtpconn_options_set_local_port(options, 65535));
  CHECK_INT(smtpconn_options_local_port(options), 65535);
  refused(options, smtpconn_options_set_local_port(options, 65536), "local_port");
  refused(options, smtpconn_options_set_local_port(options, -1), "local_port");
  CHECK_INT(smtpconn_options_local_port(options), 65535);
  CHECK_INT(smtpconn_options_socket(options), -1);
  CHECK_INT(smtpconn_options_connection(options), -1);
  refused(options, smtpconn_options_set_socket(options, descriptor), "socket");
  refused(options, smtpconn_options_set_connection(options, descriptor), "connection");
  refused(options, smtpconn_options_set_socket(options, INT_MAX), "socket");
  close(descriptor);
  descriptor = socket(AF_INET, SOCK_STREAM, 0);
  accepted(options, smtpconn_options_set_socket(options, descriptor));
  CHECK_INT(smtpconn_options_socket(options), descriptor);
  accepted(options, smtpconn_options_set_socket(options, -1));
  CHECK_INT(smtpconn_options_socket(options), -1);
  close(descriptor);
  smtpconn_options_free(options);
}

static int freed;

static void on_release(void *user) {
  CHECK(user == &freed);
  freed++;
}

static ptrdiff_t no_password(char *buffer, size_t capacity, void *user) {
  (void)buffer, (void)capacity, (void)user;
  return -1;
}

static void no_context(void *ssl_ctx, void *user) { (void)ssl_ctx, (void)user; }

static void no_mechanism(smtpconn_exchange *exchange, const uint8_t *challenge, size_t length,
                         void *user) {
  (void)exchange, (void)challenge, (void)length, (void)user;
}

static void no_token(smtpconn_token_request *request, int renew, void *user) {
  (void)request, (void)renew, (void)user;
}

static void no_new_token(smtpconn *connection, const char *token, uint64_t expires, void *user) {
  (void)connection, (void)token, (void)expires, (void)user;
}

/* Whatever is replaced, taken away, refused or freed is released, once. */
static void option_callbacks(void) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn *connection;
  accepted(options, smtpconn_options_set_tls_key_password_callback(options, no_password,
                                                                   on_release, &freed));
  CHECK_INT(freed, 0);
  accepted(options, smtpconn_options_set_tls_key_password_callback(options, no_password,
                                                                   on_release, &freed));
  CHECK_INT(freed, 1);
  accepted(options, smtpconn_options_set_tls_key_password_callback(options, NULL, NULL, NULL));
  CHECK_INT(freed, 2);
  accepted(options,
           smtpconn_options_set_tls_context_callback(options, no_context, on_release, &freed));
  accepted(options, smtpconn_options_set_tls_context_callback(options, NULL, NULL, NULL));
  CHECK_INT(freed, 3);
  accepted(options, smtpconn_options_set_custom_mechanism(options, "X-MINE", no_mechanism,
                                                          on_release, &freed));
  accepted(options,
           smtpconn_options_set_custom_mechanism(options, "X-MINE", NULL, NULL, NULL));
  CHECK_INT(freed, 4);
  /* The connection has its own copy: released when both are gone. */
  accepted(options,
           smtpconn_options_set_tls_context_callback(options, no_context, on_release, &freed));
  CHECK_INT(freed, 4);
  refused(options,
          smtpconn_options_set_custom_mechanism(options, "not a name", no_mechanism, on_release,
                                                &freed),
          "custom_mechanism");
  CHECK_INT(freed, 5);
  connection = smtpconn_new(options, NULL);
  smtpconn_options_free(options);
  CHECK_INT(freed, 5);
  smtpconn_set_token_callback(connection, no_new_token, NULL);
  smtpconn_set_token_callback(connection, NULL, NULL);
  smtpconn_free(connection);
  CHECK_INT(freed, 6);
}

static void bad_url(smtpconn_auth *auth, const char *url) {
  const smtpconn_error *error;
  CHECK_INT(smtpconn_auth_set_access_url(auth, url), SMTPCONN_EAUTH);
  error = smtpconn_auth_last_error(auth);
  CHECK_INT(smtpconn_error_code(error), SMTPCONN_EAUTH);
  CHECK_TEXT(smtpconn_error_command(error), "API");
  CHECK_TEXT(smtpconn_error_phase(error), "auth");
  CHECK(error != NULL && strstr(smtpconn_error_message(error), "access_url") != NULL);
  CHECK(error != NULL && strstr(smtpconn_error_message(error), "secret") == NULL);
}

static void tokens(void) {
  smtpconn_auth *auth = smtpconn_auth_new();
  freed = 0;
  CHECK(smtpconn_auth_last_error(auth) == NULL);
  CHECK_INT(smtpconn_auth_set_access_token(auth, "token", 1), SMTPCONN_OK);
  CHECK_INT(smtpconn_auth_set_access_token(auth, NULL, 0), SMTPCONN_OK);
  CHECK_INT(smtpconn_auth_set_refresh_token(auth, "token"), SMTPCONN_OK);
  CHECK_INT(smtpconn_auth_set_client(auth, "id", NULL), SMTPCONN_OK);
  CHECK_INT(smtpconn_auth_set_scope(auth, "a b"), SMTPCONN_OK);
  CHECK_INT(smtpconn_auth_set_service_account(auth, "a@b", "key"), SMTPCONN_OK);
  CHECK_INT(smtpconn_auth_set_access_url(auth, "https://token.example/a"), SMTPCONN_OK);
  CHECK_INT(smtpconn_auth_set_access_url(auth, "http://127.0.0.1:8080/a"), SMTPCONN_OK);
  bad_url(auth, "http://token.example/a");
  bad_url(auth, "ftp://token.example/a");
  bad_url(auth, "https://a.example/\r\nX: y");
  bad_url(auth, "");
  CHECK_INT(smtpconn_auth_set_access_url(auth, NULL), SMTPCONN_OK);
  CHECK(smtpconn_auth_last_error(auth) == NULL);
  bad_url(auth, "https://a:secret@token.example/");
  CHECK_INT(smtpconn_auth_set_user(auth, "a"), SMTPCONN_OK); /* any call that succeeds */
  CHECK(smtpconn_auth_last_error(auth) == NULL);
  CHECK_INT(smtpconn_auth_set_token_callback(auth, no_token, on_release, &freed), SMTPCONN_OK);
  CHECK_INT(smtpconn_auth_set_token_callback(auth, no_token, on_release, &freed), SMTPCONN_OK);
  CHECK_INT(freed, 1);
  smtpconn_auth_free(auth);
  CHECK_INT(freed, 2);
}

static void contradictions(void) {
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

/* --- envelope and message ------------------------------------------------- */

static void envelope(void) {
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
  CHECK_INT(smtpconn_envelope_set_to_dsn_notify(envelope, 2, "NEVER"), SMTPCONN_OK);
  CHECK_TEXT(smtpconn_envelope_to_dsn_notify(envelope, 2), "NEVER");
  CHECK_TEXT(smtpconn_envelope_to_dsn_notify(envelope, 1), NULL);
  CHECK_TEXT(smtpconn_envelope_to_dsn_notify(envelope, SIZE_MAX), NULL);
  CHECK_INT(smtpconn_envelope_set_to_dsn_notify(envelope, 3, "NEVER"), SMTPCONN_EENVELOPE);
  CHECK_INT(smtpconn_envelope_set_to_dsn_notify(envelope, SIZE_MAX, "NEVER"), SMTPCONN_EENVELOPE);
  CHECK_INT(smtpconn_envelope_set_to_dsn_orcpt(envelope, 0, "x@example.com"), SMTPCONN_OK);
  CHECK_TEXT(smtpconn_envelope_to_dsn_orcpt(envelope, 0), "x@example.com");
  CHECK_TEXT(smtpconn_envelope_to_dsn_orcpt(envelope, 7), NULL);
  CHECK_INT(smtpconn_envelope_set_to_dsn_orcpt(envelope, 7, "x@example.com"), SMTPCONN_EENVELOPE);
  smtpconn_envelope_free(envelope);
}

static void delivery_status(void) {
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

static int releases;

static void release(void *user) {
  CHECK(user == &releases);
  releases++;
}

static ptrdiff_t end_at_once(uint8_t *buffer, size_t capacity, void *user) {
  (void)buffer, (void)capacity, (void)user;
  return SMTPCONN_READ_END;
}

static void message(void) {
  smtpconn_message *message;
  CHECK(smtpconn_message_new_copy(NULL, 1) == NULL);
  CHECK(smtpconn_message_new_copy("x", SIZE_MAX) == NULL);
  CHECK(smtpconn_message_new_copy("x", SIZE_MAX / 2 + 1) == NULL);
  message = smtpconn_message_new_copy(NULL, 0);
  CHECK(message != NULL);
  smtpconn_message_free(message);
  smtpconn_message_free(smtpconn_message_new_copy("x", 1));

  CHECK(smtpconn_message_new_borrowed(NULL, 1, release, &releases) == NULL);
  CHECK(smtpconn_message_new_borrowed("x", SIZE_MAX, release, &releases) == NULL);
  CHECK_INT(releases, 0); /* not called for what was not made */
  message = smtpconn_message_new_borrowed("x", 1, release, &releases);
  CHECK(message != NULL);
  smtpconn_message_free(message);
  CHECK_INT(releases, 1);
  smtpconn_message_free(smtpconn_message_new_borrowed("x", 1, NULL, NULL));

  CHECK(smtpconn_message_new_reader(NULL, release, &releases) == NULL);
  CHECK_INT(releases, 1);
  message = smtpconn_message_new_reader(end_at_once, release, &releases);
  CHECK(message != NULL);
  smtpconn_message_free(message);
  CHECK_INT(releases, 2);

  CHECK(smtpconn_message_new_descriptor(-1) == NULL);
  message = smtpconn_message_new_descriptor(0);
  CHECK(message != NULL);
  smtpconn_message_free(message);
}

/* --- loop and connection -------------------------------------------------- */

static void loop(void) {
  smtpconn_loop *loop = smtpconn_loop_new();
  int descriptor = smtpconn_loop_fd(loop);
  CHECK(descriptor >= 0);
  CHECK_INT(smtpconn_loop_fd(loop), descriptor);
  CHECK_INT(smtpconn_loop_run(loop), 0); /* nothing is pending */
  CHECK_INT(smtpconn_loop_run_once(loop, 0), 0);
  CHECK_INT(smtpconn_loop_run_once(loop, 1), 0);
  CHECK_INT(smtpconn_loop_dispatch(loop), 0);
  CHECK_INT(smtpconn_loop_timeout(loop), -1);
  CHECK_INT(smtpconn_loop_wakeup(loop), 0);
  CHECK_INT(smtpconn_loop_wakeup(loop), 0);
  CHECK_INT(smtpconn_loop_run_once(loop, -1), 0); /* would wait for ever */
  smtpconn_loop_free(loop);
}

static void connection(void) {
  smtpconn *connection = smtpconn_new(NULL, NULL);
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  smtpconn_message *message = smtpconn_message_new_copy("x", 1);
  smtpconn_auth *auth = smtpconn_auth_new();
  smtpconn_loop *shared = smtpconn_loop_new();
  smtpconn *guest = smtpconn_new(NULL, shared);

  CHECK(smtpconn_get_loop(guest) == shared);
  smtpconn_free(guest);
  smtpconn_loop_free(shared);

  CHECK(connection != NULL);
  CHECK(smtpconn_get_loop(connection) != NULL);
  CHECK(smtpconn_last_error(connection) == NULL);
  smtpconn_set_connect_callback(connection, no_event, NULL);
  smtpconn_set_connect_callback(connection, NULL, NULL);
  smtpconn_set_error_callback(connection, never_done, NULL);
  smtpconn_set_end_callback(connection, no_event, NULL);
  smtpconn_set_log_callback(connection, no_log, NULL);
  CHECK_INT(smtpconn_stage(connection), SMTPCONN_STAGE_NEW);
  CHECK_TEXT(smtpconn_client_name(connection), NULL);
  CHECK_INT(smtpconn_is_open(connection), 0);
  CHECK_INT(smtpconn_is_secure(connection), 0);
  CHECK_INT(smtpconn_is_authenticated(connection), 0);
  CHECK_TEXT(smtpconn_tls_version(connection), NULL);
  CHECK_TEXT(smtpconn_tls_cipher(connection), NULL);
  CHECK_TEXT(smtpconn_tls_peer_name(connection), NULL);
  CHECK_TEXT(smtpconn_remote_address(connection), NULL);
  CHECK_TEXT(smtpconn_last_response(connection), NULL);
  CHECK_INT(smtpconn_has_capability(connection, "SIZE"), 0);
  CHECK_INT(smtpconn_has_capability(connection, NULL), 0);
  CHECK_TEXT(smtpconn_capability_parameters(connection, NULL), NULL);
  CHECK_INT(smtpconn_capability_count(connection), 0);
  CHECK_TEXT(smtpconn_capability_line(connection, 0), NULL);
  CHECK_TEXT(smtpconn_capability_line(connection, SIZE_MAX), NULL);

  /* Before connect nothing can be started, and the reason is told. */
  smtpconn_auth_set_user(auth, "alice");
  smtpconn_auth_set_password(auth, "sesame");
  smtpconn_envelope_add_to(envelope, "b@example.com");
  CHECK_INT(smtpconn_login(connection, auth, never_done, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_error_code(smtpconn_last_error(connection)), SMTPCONN_ESTATE);
  CHECK_TEXT(smtpconn_error_command(smtpconn_last_error(connection)), "API");
  CHECK_INT(smtpconn_send(connection, envelope, message, never_sent, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_reset(connection, never_done, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_quit(connection, never_done, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_resume(connection), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_cancel(connection), SMTPCONN_OK);
  smtpconn_close(connection);
  CHECK_INT(smtpconn_run(connection), 0);

  smtpconn_auth_set_user(auth, NULL);
  smtpconn_auth_set_password(auth, NULL);
  smtpconn_auth_free(auth);
  smtpconn_message_free(message);
  smtpconn_envelope_free(envelope);
  smtpconn_free(connection);
}

int main(void) {
  version();
  codes();
  null_error();
  null_options();
  null_loop();
  null_connection();
  null_others();
  option_strings();
  option_texts();
  option_numbers();
  option_descriptors();
  option_callbacks();
  tokens();
  contradictions();
  envelope();
  delivery_status();
  message();
  loop();
  connection();
  return check_result();
}
