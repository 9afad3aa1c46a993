/*
 * connection.c - loops and connections that never connect
 */
#include "surface.h"

void never_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  (void)connection, (void)error, (void)user;
  CHECK(0 && "a callback of an operation that was not started");
}

void never_sent(smtpconn *connection, const smtpconn_error *error,
                       const smtpconn_result *result, void *user) {
  (void)result;
  never_done(connection, error, user);
}

void no_event(smtpconn *connection, void *user) { never_done(connection, NULL, user); }

void no_log(smtpconn *connection, int level, int kind, const char *text, size_t length,
                   void *user) {
  (void)connection, (void)level, (void)kind, (void)text, (void)length, (void)user;
}

void loop(void) {
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

void connection(void) {
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
  CHECK_INT(smtpconn_tls_certificate_count(connection), 0);
  CHECK(smtpconn_tls_certificate(connection, 0, NULL) == NULL);
  CHECK_TEXT(smtpconn_tls_certificate_subject(connection, 0), NULL);
  CHECK_TEXT(smtpconn_tls_certificate_issuer(connection, SIZE_MAX), NULL);
  CHECK_TEXT(smtpconn_tls_certificate_names(connection, SIZE_MAX / 2 + 1), NULL);
  CHECK_TEXT(smtpconn_tls_certificate_not_before(connection, 0), NULL);
  CHECK_TEXT(smtpconn_tls_certificate_not_after(connection, 0), NULL);
  CHECK_TEXT(smtpconn_remote_address(connection), NULL);
  for (int part = -1; part <= SMTPCONN_TIME_VERDICT + 1; part++) {
    CHECK_INT(smtpconn_time(connection, part), -1);
  }
  CHECK_TEXT(smtpconn_last_response(connection), NULL);
  CHECK_INT(smtpconn_has_capability(connection, "SIZE"), 0);
  CHECK_INT(smtpconn_has_capability(connection, NULL), 0);
  CHECK_TEXT(smtpconn_capability_parameters(connection, NULL), NULL);
  CHECK_INT(smtpconn_capability_count(connection), 0);
  CHECK_TEXT(smtpconn_capability_line(connection, 0), NULL);
  CHECK_TEXT(smtpconn_capability_line(connection, SIZE_MAX), NULL);

  /* Before connect nothing can be started, and the error has the reason. */
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
