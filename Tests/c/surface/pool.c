/*
 * pool.c - a pool without a server: NULL, numbers out of range, what it refuses
 */
#include "surface.h"

#include <sys/socket.h>

static int called;

static void on_sent(smtpconn_pool *pool, const smtpconn_error *error, const smtpconn_result *result,
                    void *user) {
  called++;
  CHECK_INT(smtpconn_error_code(error), SMTPCONN_ECANCELLED);
  CHECK_INT(smtpconn_error_retry(error), SMTPCONN_RETRY_SAFE);
  CHECK_INT(smtpconn_result_count(result), 1);
  CHECK_INT(smtpconn_result_status(result, 0), SMTPCONN_RECIPIENT_NOT_TRIED);
  CHECK_INT(smtpconn_result_tries(result), 0);
  CHECK(smtpconn_result_retry_error(result) == NULL);
  CHECK(user == &called);
  /* Inside of smtpconn_pool_free nothing can be started; before it, it can. */
  (void)smtpconn_pool_count(pool, SMTPCONN_POOL_QUEUED);
}

static void never_pool_sent(smtpconn_pool *pool, const smtpconn_error *error,
                            const smtpconn_result *result, void *user) {
  (void)pool, (void)error, (void)result, (void)user;
  CHECK(0 && "the callback of a send that was refused");
}

static void on_pool(smtpconn_pool *pool, void *user) {
  (void)pool;
  *(int *)user += 100;
}

static void on_line(smtpconn_pool *pool, uint32_t connection, int level, int kind,
                    const char *text, size_t length, void *user) {
  (void)pool, (void)connection, (void)level, (void)kind, (void)text, (void)length, (void)user;
}

static void null_pool(void) {
  CHECK(smtpconn_pool_last_error(NULL) == NULL);
  CHECK(smtpconn_pool_get_loop(NULL) == NULL);
  CHECK_INT(smtpconn_pool_run(NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_pool_set_connections(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_pool_set_messages_per_connection(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_pool_set_rate(NULL, 1, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_pool_set_recipient_rate(NULL, 1, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_pool_set_idle_time(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_pool_set_backoff(NULL, 1, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_pool_set_failures(NULL, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_pool_set_tries(NULL, 1, 1, 1), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_pool_set_queue_limit(NULL, 1), SMTPCONN_ESTATE);
  smtpconn_pool_set_room_callback(NULL, on_pool, NULL);
  smtpconn_pool_set_log_callback(NULL, on_line, NULL);
  smtpconn_pool_set_token_callback(NULL, NULL, NULL);
  CHECK_INT(smtpconn_pool_send(NULL, NULL, NULL, never_pool_sent, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_pool_send_packed(NULL, NULL, NULL, 0, NULL, 0, 0, never_pool_sent, NULL),
            SMTPCONN_ESTATE);
  smtpconn_pool_keep_sent(NULL, NULL, NULL, NULL);
  CHECK_INT(smtpconn_pool_withdraw(NULL, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_pool_pause(NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_pool_resume(NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_pool_drain(NULL, on_pool, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_pool_count(NULL, SMTPCONN_POOL_QUEUED), 0);
  smtpconn_pool_close(NULL);
  smtpconn_pool_free(NULL);
  CHECK_INT(smtpconn_result_tries(NULL), 0);
  CHECK(smtpconn_result_retry_error(NULL) == NULL);
}

static void refuses(smtpconn_pool *pool, int result, const char *name) {
  const smtpconn_error *error = smtpconn_pool_last_error(pool);
  CHECK_INT(result, SMTPCONN_EOPTIONS);
  CHECK_INT(smtpconn_error_code(error), SMTPCONN_EOPTIONS);
  CHECK(smtpconn_error_message(error) != NULL &&
        strstr(smtpconn_error_message(error), name) != NULL);
}

static void settings(smtpconn_pool *pool) {
  refuses(pool, smtpconn_pool_set_connections(pool, 0), "connections");
  refuses(pool, smtpconn_pool_set_connections(pool, 1001), "1000");
  refuses(pool, smtpconn_pool_set_messages_per_connection(pool, -1), "messages_per_connection");
  refuses(pool, smtpconn_pool_set_rate(pool, -1, 1), "rate");
  refuses(pool, smtpconn_pool_set_rate(pool, 1000001, 1), "1000000");
  refuses(pool, smtpconn_pool_set_rate(pool, 1, 0), "rate");
  refuses(pool, smtpconn_pool_set_rate(pool, 0, 1), "rate");
  refuses(pool, smtpconn_pool_set_recipient_rate(pool, 1, 0), "recipient_rate");
  refuses(pool, smtpconn_pool_set_backoff(pool, 2, 1), "backoff");
  refuses(pool, smtpconn_pool_set_failures(pool, 0), "failures");
  refuses(pool, smtpconn_pool_set_tries(pool, 0, 1, 1), "tries");
  CHECK_INT(smtpconn_pool_set_connections(pool, 1000), 0);
  CHECK(smtpconn_pool_last_error(pool) == NULL);
  CHECK_INT(smtpconn_pool_set_messages_per_connection(pool, 2147483647), 0);
  CHECK_INT(smtpconn_pool_set_rate(pool, 1000000, UINT32_MAX), 0);
  CHECK_INT(smtpconn_pool_set_rate(pool, 0, 0), 0);
  CHECK_INT(smtpconn_pool_set_recipient_rate(pool, 1, UINT32_MAX), 0);
  CHECK_INT(smtpconn_pool_set_recipient_rate(pool, 0, 0), 0);
  CHECK_INT(smtpconn_pool_set_idle_time(pool, UINT32_MAX), 0);
  CHECK_INT(smtpconn_pool_set_backoff(pool, UINT32_MAX, UINT32_MAX), 0);
  CHECK_INT(smtpconn_pool_set_failures(pool, 2147483647), 0);
  CHECK_INT(smtpconn_pool_set_tries(pool, 2147483647, UINT32_MAX, UINT32_MAX), 0);
  CHECK_INT(smtpconn_pool_set_queue_limit(pool, SIZE_MAX), 0);
}

static void sends(smtpconn_pool *pool) {
  smtpconn_envelope *given = smtpconn_envelope_new();
  smtpconn_message *text = smtpconn_message_new_copy("x", 1);
  CHECK_INT(smtpconn_pool_send(pool, NULL, text, never_pool_sent, NULL), SMTPCONN_EENVELOPE);
  CHECK_INT(smtpconn_pool_send(pool, given, NULL, never_pool_sent, NULL), SMTPCONN_EMESSAGE);
  CHECK_INT(smtpconn_pool_send(pool, given, text, never_pool_sent, NULL), SMTPCONN_EENVELOPE);
  CHECK_INT(smtpconn_envelope_add_to(given, "alice"), 0);
  CHECK_INT(smtpconn_pool_send(pool, given, text, never_pool_sent, NULL), SMTPCONN_EENVELOPE);
  CHECK_INT(smtpconn_pool_send_packed(pool, NULL, "a@b", 3, "x", 1, 0, never_pool_sent, NULL),
            SMTPCONN_EENVELOPE);
  CHECK_INT(smtpconn_pool_send_packed(pool, NULL, "a@b\0c@d", 8, NULL, 1, 0, never_pool_sent, NULL),
            SMTPCONN_EMESSAGE);
  CHECK_INT(smtpconn_pool_count(pool, SMTPCONN_POOL_QUEUED), 0);
  smtpconn_message_free(text);
  smtpconn_envelope_free(given);
}

/* What waits in a paused pool: withdrawn, refused, ended. */
static void paused(smtpconn_pool *pool) {
  const char addresses[] = "a@example.com\0b@example.com";
  int room = 0, drained = 0;
  called = 0;
  CHECK_INT(smtpconn_pool_pause(pool), 0);
  CHECK_INT(smtpconn_pool_set_queue_limit(pool, 2), 0);
  smtpconn_pool_set_room_callback(pool, on_pool, &room);
  CHECK_INT(smtpconn_pool_send_packed(pool, NULL, addresses, sizeof addresses, "x", 1, 0, on_sent,
                                      &called), 0);
  CHECK_INT(smtpconn_pool_send_packed(pool, NULL, addresses, sizeof addresses, "x", 1, 0, on_sent,
                                      &called), 0);
  CHECK_INT(smtpconn_pool_send_packed(pool, NULL, addresses, sizeof addresses, "x", 1, 0,
                                      never_pool_sent, NULL), SMTPCONN_EFULL);
  CHECK_INT(smtpconn_error_retry(smtpconn_pool_last_error(pool)), SMTPCONN_RETRY_SAFE);
  CHECK_INT(smtpconn_pool_count(pool, SMTPCONN_POOL_QUEUED), 2);
  CHECK_INT(smtpconn_pool_count(pool, SMTPCONN_POOL_CONNECTIONS), 0);
  CHECK_INT(smtpconn_pool_count(pool, 12), 0);
  CHECK_INT(smtpconn_pool_count(pool, -1), 0);
  CHECK_INT(smtpconn_pool_withdraw(pool, &room), 0);
  CHECK_INT(smtpconn_pool_withdraw(pool, &called), 1);
  CHECK_INT(called, 0);
  CHECK_INT(smtpconn_loop_dispatch(smtpconn_pool_get_loop(pool)), 1);
  CHECK_INT(called, 1);
  CHECK_INT(room, 100);
  CHECK_INT(smtpconn_pool_drain(pool, on_pool, &drained), 0);
  CHECK_INT(smtpconn_pool_drain(pool, on_pool, &drained), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_pool_send_packed(pool, NULL, addresses, sizeof addresses, "x", 1, 0,
                                      never_pool_sent, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_loop_dispatch(smtpconn_pool_get_loop(pool)), 1);
  CHECK_INT(drained, 0);
  smtpconn_pool_close(pool);
  CHECK_INT(called, 1);
  CHECK_INT(smtpconn_pool_run(pool), 0);
  CHECK_INT(called, 2);
  CHECK_INT(drained, 100);
  CHECK_INT(smtpconn_pool_count(pool, SMTPCONN_POOL_FAILED), 2);
}

void pool(void) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn_auth *auth = smtpconn_auth_new();
  smtpconn_loop *shared = smtpconn_loop_new();
  smtpconn_pool *made;
  null_pool();
  /* What no connection could do is refused at once. */
  CHECK(smtpconn_pool_new(options, auth, NULL) == NULL);
  CHECK_INT(smtpconn_error_code(smtpconn_options_last_error(options)), SMTPCONN_EAUTH);
  CHECK_INT(smtpconn_options_set_connection(options, socket(AF_UNIX, SOCK_STREAM, 0)), 0);
  CHECK(smtpconn_pool_new(options, NULL, NULL) == NULL);
  CHECK(strstr(smtpconn_error_message(smtpconn_options_last_error(options)), "connection") != NULL);
  smtpconn_options_free(options);
  smtpconn_auth_free(auth);
  made = smtpconn_pool_new(NULL, NULL, NULL);
  CHECK(made != NULL);
  CHECK_INT(smtpconn_pool_run(made), 0);
  settings(made);
  sends(made);
  paused(made);
  smtpconn_pool_free(made);
  /* The callbacks run inside of smtpconn_pool_free, also when the loop is gone. */
  called = 0;
  made = smtpconn_pool_new(NULL, NULL, shared);
  CHECK(smtpconn_pool_get_loop(made) == shared);
  CHECK_INT(smtpconn_pool_pause(made), 0);
  CHECK_INT(smtpconn_pool_send_packed(made, NULL, "a@b.example\0c@d.example", 24, "x", 1, 0, on_sent,
                                      &called), 0);
  smtpconn_loop_free(shared);
  CHECK_INT(smtpconn_pool_resume(made), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_pool_run(made), SMTPCONN_ESTATE);
  CHECK_INT(called, 0);
  smtpconn_pool_free(made);
  CHECK_INT(called, 1);
}
