/*
 * pools.c - a pool and what else a program does: fork, loops, callbacks that end everything
 *
 *     pools FRIENDLY SILENT
 *
 * FRIENDLY is the port of a server that takes mail, SILENT that of one that never says a word.
 * Tests/scripted/test_pool.py has what servers do.
 */
#define _POSIX_C_SOURCE 200809L
#define CHECK_MAIN
#include "check.h"

#include <smtpconn.h>

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MESSAGES = 20, FOREVER = 3000 };

static smtpconn_pool *pool;
static int calls, sent, cancelled, released, lines, last_line;

static void forget(void) { calls = sent = cancelled = released = lines = last_line = 0; }

static smtpconn_pool *make(int port, smtpconn_loop *loop) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn_pool *made;
  CHECK_INT(smtpconn_options_set_host(options, "127.0.0.1"), 0);
  CHECK_INT(smtpconn_options_set_port(options, port), 0);
  made = smtpconn_pool_new(options, NULL, loop);
  CHECK(made != NULL);
  smtpconn_options_free(options);
  return made;
}

static void on_release(void *user) {
  (void)user;
  released++;
}

static void on_sent(smtpconn_pool *of, const smtpconn_error *error, const smtpconn_result *result,
                    void *user) {
  (void)result, (void)user;
  calls++;
  if (error == NULL) sent++;
  if (smtpconn_error_code(error) == SMTPCONN_ECANCELLED) cancelled++;
  CHECK_INT(smtpconn_pool_run(of), SMTPCONN_ESTATE);
}

static void send_some(smtpconn_pool *to, int count, smtpconn_pool_send_callback callback) {
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  smtpconn_message *message = smtpconn_message_new_borrowed("x", 1, on_release, NULL);
  CHECK_INT(smtpconn_envelope_add_to(envelope, "b@example.com"), 0);
  while (count-- > 0) CHECK_INT(smtpconn_pool_send(to, envelope, message, callback, NULL), 0);
  smtpconn_envelope_free(envelope);
  smtpconn_message_free(message);
}

/* What is pending continues in the parent: the child is called back for nothing but release. */
static int child(void) {
  int failed = check_failures;
  smtpconn_pool_close(pool);
  smtpconn_pool_free(pool);
  CHECK_INT(calls, 0);
  CHECK_INT(released, 1);
  return check_failures != failed;
}

static void forks(int silent) {
  int status = -1, turns;
  pid_t process;
  forget();
  pool = make(silent, NULL);
  send_some(pool, MESSAGES, on_sent);
  for (turns = 0; turns < 3; turns++) {
    CHECK_INT(smtpconn_loop_run_once(smtpconn_pool_get_loop(pool), 0), 1);
  }
  process = fork();
  if (process == 0) _exit(child());
  CHECK(process > 0);
  CHECK_INT(waitpid(process, &status, 0), process);
  CHECK_INT(status, 0);
  smtpconn_pool_close(pool);
  CHECK_INT(calls, 0);
  CHECK_INT(smtpconn_pool_run(pool), 0);
  CHECK_INT(cancelled, MESSAGES);
  CHECK_INT(released, 1);
  smtpconn_pool_free(pool);
  CHECK_INT(calls, MESSAGES);
}

/* The loop goes first, with everything under way. */
static void loop_before_pool(int port, int turns) {
  smtpconn_loop *loop = smtpconn_loop_new();
  forget();
  pool = make(port, loop);
  send_some(pool, MESSAGES, on_sent);
  while (turns-- > 0) (void)smtpconn_loop_run_once(loop, 1);
  smtpconn_loop_free(loop);
  smtpconn_pool_free(pool);
  CHECK_INT(calls, MESSAGES);
  CHECK_INT(released, 1);
}

static void on_line(smtpconn_pool *of, uint32_t connection, int level, int kind,
                    const char *text, size_t length, void *user) {
  (void)level, (void)kind, (void)user;
  CHECK(connection > 0);
  CHECK_INT(strlen(text), length);
  if (++lines == last_line) smtpconn_pool_free(of);
}

/* Freed inside of a callback that a connection of the pool has called. */
static int freed_at_line(int port, int line) {
  smtpconn_loop *loop = smtpconn_loop_new();
  forget();
  last_line = line;
  pool = make(port, loop);
  smtpconn_pool_set_log_callback(pool, on_line, NULL);
  send_some(pool, MESSAGES, on_sent);
  CHECK_INT(smtpconn_pool_drain(pool, NULL, NULL), 0);
  CHECK_INT(smtpconn_loop_run(loop), 0);
  CHECK_INT(calls, MESSAGES);
  CHECK_INT(released, 1);
  if (lines < line) smtpconn_pool_free(pool);
  smtpconn_loop_free(loop);
  return lines >= line;
}

static void on_forever(smtpconn_pool *of, const smtpconn_error *error,
                       const smtpconn_result *result, void *user) {
  on_sent(of, error, result, user);
  if (calls < FOREVER) send_some(of, 1, on_forever);
}

/* Two pools of one loop, which send for ever: neither keeps the other from its turn. */
static void sends_forever(int port) {
  smtpconn_loop *loop = smtpconn_loop_new();
  smtpconn_pool *other;
  forget();
  pool = make(port, loop);
  other = make(port, loop);
  send_some(pool, 2, on_forever);
  send_some(other, 2, on_sent);
  CHECK_INT(smtpconn_pool_run(other), 0);
  CHECK(calls < FOREVER);
  CHECK_INT(smtpconn_loop_run(loop), 0);
  CHECK_INT(sent, calls);
  CHECK(calls >= FOREVER);
  smtpconn_pool_free(pool);
  smtpconn_pool_free(other);
  smtpconn_loop_free(loop);
}

static void on_refused(smtpconn_pool *of, const smtpconn_error *error,
                       const smtpconn_result *result, void *user) {
  (void)of, (void)user;
  calls++;
  CHECK_INT(smtpconn_error_code(error), SMTPCONN_ESOCKET);
  CHECK_INT(smtpconn_error_kind(error), SMTPCONN_KIND_CONNECT_REFUSED);
  CHECK_INT(smtpconn_result_status(result, 0), SMTPCONN_RECIPIENT_NOT_TRIED);
}

/* Nobody listens: so many connections, and one more for what is sent afterwards. */
static void nobody_listens(void) {
  forget();
  pool = make(1, NULL);
  CHECK_INT(smtpconn_pool_set_backoff(pool, 1, 1), 0);
  CHECK_INT(smtpconn_pool_set_failures(pool, 2), 0);
  send_some(pool, MESSAGES, on_refused);
  CHECK_INT(smtpconn_pool_run(pool), 0);
  CHECK_INT(calls, MESSAGES);
  CHECK_INT(smtpconn_pool_count(pool, SMTPCONN_POOL_OPENED), 2);
  send_some(pool, 1, on_refused);
  CHECK_INT(smtpconn_pool_run(pool), 0);
  CHECK_INT(calls, MESSAGES + 1);
  CHECK_INT(smtpconn_pool_count(pool, SMTPCONN_POOL_OPENED), 3);
  smtpconn_pool_free(pool);
}

int main(int argc, char **argv) {
  int number;
  if (argc != 3) {
    fprintf(stderr, "usage: pools FRIENDLY SILENT\n");
    return 2;
  }
  forks(atoi(argv[2]));
  for (number = 0; number < 12; number++) loop_before_pool(atoi(argv[1]), number);
  for (number = 1; freed_at_line(atoi(argv[1]), number); number++) {
  }
  CHECK(number > 10);
  sends_forever(atoi(argv[1]));
  nobody_listens();
  return check_result();
}
