/*
 * callbacks.c - options and credentials that hold callbacks, and what they release
 */
#include "surface.h"

#include <string.h>

static int freed;

static void on_release(void *user) {
  CHECK(user == &freed);
  freed++;
}

static ptrdiff_t no_password(char *buffer, size_t capacity, void *user) {
  (void)buffer, (void)capacity, (void)user;
  return -1;
}

static int no_context(void *ssl_ctx, void *user) { return (void)ssl_ctx, (void)user, 0; }

static void no_mechanism(smtpconn_exchange *exchange, const uint8_t *challenge, size_t length,
                         void *user) {
  (void)exchange, (void)challenge, (void)length, (void)user;
}

static void no_key(const char *line, void *user) { (void)line, (void)user; }

static void no_token(smtpconn_token_request *request, int renew, void *user) {
  (void)request, (void)renew, (void)user;
}

static void no_new_token(smtpconn *connection, const char *token, uint64_t expires, void *user) {
  (void)connection, (void)token, (void)expires, (void)user;
}

/* Whatever is replaced, taken away, refused or freed is released, once. */
void option_callbacks(void) {
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
  CHECK_INT(smtpconn_options_set_custom_mechanism(NULL, "X", no_mechanism, on_release, &freed),
            SMTPCONN_ESTATE);
  CHECK_INT(freed, 6);
  CHECK_INT(smtpconn_options_set_tls_key_password_callback(NULL, no_password, on_release, &freed),
            SMTPCONN_ESTATE);
  CHECK_INT(freed, 7);
  CHECK_INT(smtpconn_options_set_tls_context_callback(NULL, no_context, on_release, &freed),
            SMTPCONN_ESTATE);
  CHECK_INT(freed, 8);
  CHECK_INT(smtpconn_options_set_tls_key_log_callback(NULL, no_key, on_release, &freed),
            SMTPCONN_ESTATE);
  CHECK_INT(freed, 9);
  accepted(options, smtpconn_options_set_tls_key_log_callback(options, no_key, on_release, &freed));
  accepted(options, smtpconn_options_set_tls_key_log_callback(options, NULL, on_release, &freed));
  CHECK_INT(freed, 11);
  freed = 8;
  connection = smtpconn_new(options, NULL);
  smtpconn_options_free(options);
  CHECK_INT(freed, 8);
  smtpconn_set_token_callback(connection, no_new_token, NULL);
  smtpconn_set_token_callback(connection, NULL, NULL);
  smtpconn_free(connection);
  CHECK_INT(freed, 9);
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

void tokens(void) {
  smtpconn_auth *auth = smtpconn_auth_new();
  freed = 0;
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
  CHECK_INT(smtpconn_auth_set_token_callback(NULL, no_token, on_release, &freed),
            SMTPCONN_ESTATE);
  CHECK_INT(freed, 2);
  smtpconn_auth_free(auth);
  CHECK_INT(freed, 3);
}
