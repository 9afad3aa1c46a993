/*
 * null.c - NULL for every handle; rows.c does the same for options and envelope fields
 */
#include "surface.h"

void null_error(void) {
  CHECK_INT(smtpconn_error_code(NULL), SMTPCONN_OK);
  CHECK_TEXT(smtpconn_error_name(NULL), NULL);
  CHECK_INT(smtpconn_error_kind(NULL), SMTPCONN_KIND_NONE);
  CHECK_TEXT(smtpconn_kind_name(SMTPCONN_KIND_NONE), "NONE");
  CHECK_TEXT(smtpconn_kind_name(SMTPCONN_KIND_TLS_EXPIRED), "TLS_EXPIRED");
  CHECK_TEXT(smtpconn_kind_name(-1), "UNKNOWN");
  CHECK_TEXT(smtpconn_error_message(NULL), NULL);
  CHECK_TEXT(smtpconn_error_response(NULL), NULL);
  CHECK_INT(smtpconn_error_response_code(NULL), 0);
  CHECK_TEXT(smtpconn_error_enhanced(NULL), NULL);
  CHECK_TEXT(smtpconn_error_command(NULL), NULL);
  CHECK_TEXT(smtpconn_error_phase(NULL), NULL);
  CHECK_TEXT(smtpconn_error_recipient(NULL), NULL);
  CHECK_INT(smtpconn_error_errno(NULL), 0);
  CHECK_TEXT(smtpconn_error_tls_reason(NULL), NULL);
  CHECK_TEXT(smtpconn_error_certificate_names(NULL), NULL);
  CHECK_TEXT(smtpconn_error_address(NULL), NULL);
  CHECK_INT(smtpconn_error_retry(NULL), SMTPCONN_RETRY_NO);
}

void null_options(void) {
  smtpconn_options_free(NULL);
  CHECK(smtpconn_options_last_error(NULL) == NULL);
  CHECK_INT(smtpconn_options_take_tls_session(NULL, NULL, 0), 0);
  CHECK_INT(smtpconn_options_add_tls_session(NULL, "x", 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_set_custom_mechanism(NULL, "X", NULL, NULL, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_exchange_respond(NULL, "x", 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_exchange_fail(NULL, "x"), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_set_tls_key_password_callback(NULL, NULL, NULL, NULL),
            SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_set_tls_context_callback(NULL, NULL, NULL, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_options_set_tls_key_log_callback(NULL, NULL, NULL, NULL), SMTPCONN_ESTATE);
}

void null_loop(void) {
  smtpconn_loop_free(NULL);
  CHECK_INT(smtpconn_loop_run(NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_loop_run_once(NULL, 0), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_loop_fd(NULL), -1);
  CHECK_INT(smtpconn_loop_dispatch(NULL), SMTPCONN_ESTATE);
  CHECK(smtpconn_loop_timeout(NULL) <= 0);
  CHECK_INT(smtpconn_loop_wakeup(NULL), SMTPCONN_ESTATE);
  CHECK(smtpconn_timer_new(NULL, NULL, NULL) == NULL);
  CHECK_INT(smtpconn_timer_start(NULL, 0, 0), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_timer_stop(NULL), SMTPCONN_ESTATE);
  smtpconn_timer_free(NULL);
  CHECK(smtpconn_error_copy(NULL) == NULL);
  CHECK(smtpconn_result_copy(NULL) == NULL);
  CHECK(smtpconn_reply_copy(NULL) == NULL);
  smtpconn_error_free(NULL), smtpconn_result_free(NULL), smtpconn_reply_free(NULL);
}

void null_connection(void) {
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
  CHECK_INT(smtpconn_tls_certificate_count(NULL), 0);
  CHECK(smtpconn_tls_certificate(NULL, 0, NULL) == NULL);
  CHECK_TEXT(smtpconn_tls_certificate_subject(NULL, 0), NULL);
  CHECK_TEXT(smtpconn_tls_certificate_issuer(NULL, 0), NULL);
  CHECK_TEXT(smtpconn_tls_certificate_names(NULL, 0), NULL);
  CHECK_TEXT(smtpconn_tls_certificate_not_before(NULL, 0), NULL);
  CHECK_TEXT(smtpconn_tls_certificate_not_after(NULL, 0), NULL);
  CHECK_INT(smtpconn_tls_resumed(NULL), 0);
  CHECK_TEXT(smtpconn_remote_address(NULL), NULL);
  CHECK_INT(smtpconn_time(NULL, SMTPCONN_TIME_CONNECT), -1);
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
  smtpconn_set_user(NULL, NULL);
  CHECK(smtpconn_user(NULL) == NULL);
  smtpconn_set_progress_callback(NULL, smtpconn_keep_progress, NULL);
  smtpconn_keep_progress(NULL, 1, 1, NULL, NULL);
  smtpconn_keep_done(NULL, NULL, NULL);
  smtpconn_keep_sent(NULL, NULL, NULL, NULL);
  smtpconn_keep_reply(NULL, NULL, NULL, NULL);
  smtpconn_keep_connected(NULL, NULL);
  smtpconn_keep_ended(NULL, NULL);
  smtpconn_keep_error(NULL, NULL, NULL);
  smtpconn_keep_log(NULL, 0, 0, NULL, 0, NULL);
  smtpconn_keep_token(NULL, NULL, 0, NULL);
  CHECK_INT(smtpconn_take_records(NULL, NULL, 0, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_loop_take_records(NULL, NULL, 0, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_loop_dispatch_records(NULL, NULL, 0, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_send_packed(NULL, NULL, NULL, 0, NULL, 0, 0, never_sent, NULL),
            SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_withdraw(NULL, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_feed(NULL, "x", 1, 0), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_feed_end(NULL, 0, 0), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_take(NULL, NULL, 0, 0), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_wants_take(NULL), 0);
  CHECK(smtpconn_deadline(NULL) == UINT64_MAX);
  CHECK_INT(smtpconn_tick(NULL, 0), SMTPCONN_ESTATE);
}

void null_others(void) {
  CHECK_INT(smtpconn_options_set_url(NULL, "smtp://h", NULL), SMTPCONN_ESTATE);
  smtpconn_auth_free(NULL);
  CHECK(smtpconn_auth_last_error(NULL) == NULL);
  CHECK_INT(smtpconn_auth_set_user(NULL, "a"), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_auth_set_authorization_identity(NULL, "a"), SMTPCONN_ESTATE);
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
  CHECK_INT(smtpconn_envelope_set_parameter(NULL, "X-A", "1"), SMTPCONN_ESTATE);
  CHECK_TEXT(smtpconn_envelope_parameter(NULL, "X-A"), NULL);
  CHECK_INT(smtpconn_envelope_set_to_parameter(NULL, 0, "X-A", "1"), SMTPCONN_ESTATE);
  CHECK_TEXT(smtpconn_envelope_to_parameter(NULL, 0, "X-A"), NULL);

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
  CHECK_INT(smtpconn_result_time(NULL, SMTPCONN_TIME_VERDICT), -1);
  CHECK_INT(smtpconn_result_message_size(NULL), 0);
}
