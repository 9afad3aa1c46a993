/*
 * turns.c - what a turn takes and keeps: rounds of callbacks, memory
 *
 *     turns
 *
 * The program is the server as well: it has the other end of a socket pair, so nothing
 * happens but what it does.
 */
#define _GNU_SOURCE
#define CHECK_MAIN
#include "check.h"

#include <smtpconn.h>

#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE = 600000 };

static int server = -1; /* our end */

static void say(const char *text) {
  CHECK_INT(send(server, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Whether the client has said this, whole. */
static int hears(const char *command) {
  char line[512] = "";
  ssize_t count = recv(server, line, sizeof line - 1, MSG_DONTWAIT);
  if (count < 0) return 0;
  CHECK_TEXT(line, command);
  return 1;
}

static smtpconn *new_connection(smtpconn_loop *loop, uint32_t command_timeout) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn *connection;
  int ends[2];
  CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  server = ends[0];
  CHECK_INT(smtpconn_options_set_connection(options, ends[1]), 0);
  close(ends[1]);
  smtpconn_options_set_name(options, "client.test");
  smtpconn_options_set_command_timeout(options, command_timeout);
  connection = smtpconn_new(options, loop);
  smtpconn_options_free(options);
  return connection;
}

static void open_connection(smtpconn *connection, smtpconn_loop *loop, smtpconn_done_callback done,
                            void *user) {
  CHECK_INT(smtpconn_connect(connection, done, user), 0);
  say("220 test ESMTP\r\n");
  while (!hears("EHLO client.test\r\n")) {
    if (smtpconn_loop_run_once(loop, PATIENCE) != 1) break;
  }
  say("250 test\r\n");
  while (!smtpconn_is_open(connection)) {
    if (smtpconn_loop_run_once(loop, PATIENCE) < 0) break;
  }
}

static void end(smtpconn *connection, smtpconn_loop *loop) {
  smtpconn_free(connection);
  smtpconn_loop_free(loop);
  close(server);
}

/* --- rounds ------------------------------------------------------------------------------ */

enum { MOST_CALLS = 10000 };

struct chain {
  int calls;
};

/* Starts again what it cancels: each call brings about the next one. */
static void go_on(smtpconn *connection, const smtpconn_error *error, void *user) {
  struct chain *chain = user;
  (void)error;
  if (++chain->calls == MOST_CALLS) return;
  CHECK_INT(smtpconn_reset(connection, go_on, chain), 0);
  CHECK_INT(smtpconn_cancel(connection), 0);
}

/* Others get their turn, however much there is to call back. */
static void rounds_of_callbacks(void) {
  struct chain chain = {0};
  smtpconn_loop *loop = smtpconn_loop_new();
  smtpconn *connection = new_connection(loop, PATIENCE);
  int turns = 0;
  open_connection(connection, loop, NULL, NULL);
  go_on(connection, NULL, &chain);
  while (chain.calls < MOST_CALLS) {
    int calls = chain.calls;
    turns++;
    if (smtpconn_loop_run_once(loop, PATIENCE) < 0) break;
    CHECK(chain.calls > calls);
    CHECK(chain.calls - calls < 1000);
  }
  CHECK(turns > 10);
  end(connection, loop);
}

/* --- memory ------------------------------------------------------------------------------ */

enum { OPERATIONS = 3000 };

/* Tools that keep account of memory themselves give 0 here. */
static size_t octets_in_use(void) { return mallinfo2().uordblks; }

/* A text that is valid until the connection is used again is gone then. */
static void texts_of_operations(void) {
  smtpconn_loop *loop = smtpconn_loop_new();
  smtpconn *connection = new_connection(loop, PATIENCE);
  size_t before = 0;
  int number;
  char reply[512], expected[512];
  open_connection(connection, loop, NULL, NULL);
  for (number = 0; number < OPERATIONS; number++) {
    snprintf(reply, sizeof reply, "250 %0400d\r\n", number);
    snprintf(expected, sizeof expected, "250 %0400d", number);
    CHECK_INT(smtpconn_reset(connection, NULL, NULL), 0);
    while (!hears("RSET\r\n")) smtpconn_loop_run_once(loop, PATIENCE);
    say(reply);
    CHECK_INT(smtpconn_run(connection), 0);
    CHECK_TEXT(smtpconn_last_response(connection), expected);
    /* Buffers have the size that they need by then. */
    if (number == 100) before = octets_in_use();
  }
  CHECK(octets_in_use() < before + 100000);
  end(connection, loop);
}

int main(void) {
  rounds_of_callbacks();
  texts_of_operations();
  return check_result();
}
