/*
 * changing.c - callbacks that are set, replaced and removed while a connection runs, and
 * what a run says when it cannot
 *
 *     changing FRIENDLY
 *
 * FRIENDLY is the port of a server that takes mail.
 */
#define _POSIX_C_SOURCE 200809L
#define CHECK_MAIN
#include "check.h"

#include <smtpconn.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int port;

static smtpconn *new_connection(smtpconn_loop *loop) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn *connection;
  smtpconn_options_set_host(options, "127.0.0.1");
  smtpconn_options_set_port(options, port);
  smtpconn_options_set_transaction_log(options, 1);
  connection = smtpconn_new(options, loop);
  smtpconn_options_free(options);
  CHECK(connection != NULL);
  return connection;
}

/* --- the log ----------------------------------------------------------------------- */

struct lines {
  int count, dialogue, last; /* the line at which it removes or replaces itself */
  struct lines *next;
  int was_ended;
};

static void on_log(smtpconn *connection, int level, int kind, const char *text, size_t length,
                   void *user) {
  struct lines *lines = user;
  (void)level, (void)text, (void)length;
  CHECK(!lines->was_ended);
  lines->count++;
  if (kind == SMTPCONN_LOG_CLIENT || kind == SMTPCONN_LOG_SERVER) lines->dialogue++;
  if (lines->count != lines->last) return;
  lines->was_ended = 1;
  smtpconn_set_log_callback(connection, lines->next == NULL ? NULL : on_log, lines->next);
}

static void run_all(smtpconn *connection) {
  CHECK_INT(smtpconn_reset(connection, NULL, NULL), 0);
  CHECK_INT(smtpconn_quit(connection, NULL, NULL), 0);
  CHECK_INT(smtpconn_run(connection), 0);
  smtpconn_free(connection);
}

/* At whatever line: it is not called again, and its successor gets the rest. */
static void log_ends_itself(int last, int has_next) {
  struct lines next = {0, 0, 0, NULL, 0}, lines = {0, 0, 0, NULL, 0};
  smtpconn *connection = new_connection(NULL);
  lines.last = last;
  if (has_next) lines.next = &next;
  smtpconn_set_log_callback(connection, on_log, &lines);
  CHECK_INT(smtpconn_connect(connection, NULL, NULL), 0);
  CHECK_INT(lines.count, 0); /* nothing is called inside a call that starts */
  run_all(connection);
  CHECK_INT(lines.count, last);
  if (has_next) CHECK(next.count > 0);
}

static void log_comes_late(void) {
  struct lines lines = {0, 0, 0, NULL, 0};
  smtpconn *connection = new_connection(NULL);
  CHECK_INT(smtpconn_connect(connection, NULL, NULL), 0);
  CHECK_INT(smtpconn_run(connection), 0);
  smtpconn_set_log_callback(connection, on_log, &lines);
  run_all(connection);
  CHECK_INT(lines.dialogue, 4); /* RSET, QUIT and their replies */
}

/* --- runs that cannot ------------------------------------------------------------------ */

static void run_refused(smtpconn *connection, int code, int number) {
  const smtpconn_error *error;
  CHECK_INT(smtpconn_run(connection), code);
  error = smtpconn_last_error(connection);
  CHECK_INT(smtpconn_error_code(error), code);
  CHECK_INT(smtpconn_error_errno(error), number);
}

static void broken_loop(void) {
  smtpconn_loop *loop = smtpconn_loop_new();
  smtpconn *connection = new_connection(loop);
  CHECK_INT(smtpconn_connect(connection, NULL, NULL), 0);
  close(smtpconn_loop_fd(loop));
  run_refused(connection, SMTPCONN_ESOCKET, EBADF);
  CHECK_INT(smtpconn_loop_run(loop), SMTPCONN_ESOCKET);
  CHECK_INT(smtpconn_loop_run_once(loop, 0), SMTPCONN_ESOCKET);
  CHECK_INT(smtpconn_loop_dispatch(loop), SMTPCONN_ESOCKET);
  smtpconn_free(connection);
  smtpconn_loop_free(loop);
}

static void freed_loop(int connects) {
  smtpconn_loop *loop = smtpconn_loop_new();
  smtpconn *connection = new_connection(loop);
  if (connects) CHECK_INT(smtpconn_connect(connection, NULL, NULL), 0);
  smtpconn_loop_free(loop);
  run_refused(connection, SMTPCONN_ESTATE, 0);
  smtpconn_free(connection);
}

static smtpconn_loop *loop_to_free;

static void free_loop(smtpconn *connection, void *user) {
  (void)connection, (void)user;
  smtpconn_loop_free(loop_to_free);
}

static void free_both(smtpconn *connection, void *user) {
  smtpconn_free(connection);
  free_loop(NULL, user);
}

/* Something is pending for ever now, or nothing is. */
static void loop_freed_inside(smtpconn_event_callback callback, int result) {
  smtpconn *connection;
  loop_to_free = smtpconn_loop_new();
  connection = new_connection(loop_to_free);
  smtpconn_set_connect_callback(connection, callback, NULL);
  CHECK_INT(smtpconn_connect(connection, NULL, NULL), 0);
  CHECK_INT(smtpconn_reset(connection, NULL, NULL), 0);
  CHECK_INT(smtpconn_loop_run(loop_to_free), result);
  if (callback == free_loop) smtpconn_free(connection);
}

/* Descriptors end with their loop. */
static void loop_closes(void) {
  smtpconn_loop *loop = smtpconn_loop_new();
  int descriptor = smtpconn_loop_fd(loop), again;
  smtpconn *connection = new_connection(loop);
  smtpconn_loop_free(loop);
  /* The lowest that is free. */
  again = dup(0);
  CHECK_INT(again, descriptor);
  close(again);
  smtpconn_free(connection);
}

int main(int argc, char **argv) {
  int last;
  if (argc != 2) {
    fprintf(stderr, "usage: changing FRIENDLY\n");
    return 2;
  }
  port = atoi(argv[1]);
  for (last = 1; last < 14; last++) {
    log_ends_itself(last, 0);
    log_ends_itself(last, 1);
  }
  log_comes_late();
  broken_loop();
  freed_loop(0);
  freed_loop(1);
  loop_freed_inside(free_loop, SMTPCONN_ESTATE);
  loop_freed_inside(free_both, 0);
  loop_closes();
  return check_result();
}
