/*
 * many.c - many connections of smtpconn on one loop
 *
 * Each sends the head of the message to warm up, and then the message COUNT times
 * with up to 10 started ahead. Also prints the heap that a connection takes: "idle"
 * when nothing was sent over it yet, "used" when it is idle again.
 */
#include "common.h"
#include "setup.h"

#include <stdio.h>
#include <stdlib.h>

enum { AHEAD = 10 };

struct sender {
  smtpconn *connection;
  long left;
};

static smtpconn_envelope *envelope;
static long ended;

static void start_next(struct sender *sender);

static void on_sent(smtpconn *connection, const smtpconn_error *error,
                    const smtpconn_result *result, void *user) {
  (void)result;
  on_done(connection, error, NULL);
  ended++;
  start_next(user);
}

static void start_next(struct sender *sender) {
  if (sender->left == 0) return;
  sender->left--;
  start_send(sender->connection, envelope, new_message(), on_sent, sender);
}

static void run(smtpconn_loop *loop, long wanted) {
  if (smtpconn_loop_run(loop) < 0 || ended != wanted) give_up("not everything was sent");
}

static void send_all(smtpconn_loop *loop, struct sender *senders) {
  long index, ahead;
  ended = 0;
  start_clock();
  for (index = 0; index < client.connections; index++) {
    senders[index].left = client.count;
    for (ahead = 0; ahead < AHEAD; ahead++) start_next(&senders[index]);
  }
  run(loop, client.connections * client.count);
  stop_clock();
}

int main(int argc, char **argv) {
  smtpconn_options *options;
  smtpconn_loop *loop = smtpconn_loop_new();
  struct sender *senders;
  size_t before, idle, used;
  long index;

  read_arguments(argc, argv);
  allow_descriptors();
  options = new_options();
  envelope = new_envelope();
  senders = calloc((size_t)client.connections, sizeof *senders);
  if (loop == NULL || senders == NULL) give_up(NULL);

  before = heap();
  for (index = 0; index < client.connections; index++) {
    smtpconn *connection = senders[index].connection = smtpconn_new(options, loop);
    if (connection == NULL || smtpconn_connect(connection, on_done, NULL) != 0) {
      give_up("no connection");
    }
  }
  run(loop, 0);
  idle = heap();
  for (index = 0; index < client.connections; index++) {
    start_send(senders[index].connection, envelope, new_head(), on_sent, &senders[index]);
  }
  run(loop, client.connections);
  used = heap();
  send_all(loop, senders);

  for (index = 0; index < client.connections; index++) {
    if (smtpconn_quit(senders[index].connection, on_done, NULL) != 0) give_up("no quit");
  }
  if (smtpconn_loop_run(loop) < 0) give_up("no end");
  for (index = 0; index < client.connections; index++) smtpconn_free(senders[index].connection);
  smtpconn_loop_free(loop);
  smtpconn_envelope_free(envelope);
  smtpconn_options_free(options);
  free(senders);
  free(message);
  print_report_of_many(idle - before, used - before);
  return 0;
}
