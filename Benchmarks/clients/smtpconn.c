/*
 * smtpconn.c - the benchmark's client with smtpconn
 *
 * Modes: "lockstep" starts the next send when the one before it has ended; in the
 * others 100 are started ahead. "queued" sends with DATA, "chunking" with BDAT, and
 * "optimistic" with BDAT right after the envelope.
 */
#include "common.h"
#include "setup.h"

#include <stdlib.h>

enum { AHEAD = 100 };

static smtpconn_envelope *envelope;
static long started, ended, wanted;

static void on_sent(smtpconn *connection, const smtpconn_error *error,
                    const smtpconn_result *result, void *user) {
  (void)result;
  on_done(connection, error, user);
  ended++;
  if (started == wanted) return;
  started++;
  start_send(connection, envelope, new_message(), on_sent, NULL);
}

static void run(smtpconn *connection) {
  if (smtpconn_run(connection) < 0 || ended != wanted) give_up("not everything was sent");
}

int main(int argc, char **argv) {
  smtpconn_options *options;
  smtpconn *connection;
  long ahead;

  read_arguments(argc, argv);
  options = new_options();
  envelope = new_envelope();
  connection = smtpconn_new(options, NULL);
  if (connection == NULL || smtpconn_connect(connection, on_done, NULL) != 0) {
    give_up("no connection");
  }
  if (client.is_warm) {
    started = wanted = 1;
    start_send(connection, envelope, new_head(), on_sent, NULL);
  }
  run(connection);

  start_clock();
  wanted += client.count;
  for (ahead = is(client.mode, "lockstep") ? 1 : AHEAD; ahead > 0 && started < wanted; ahead--) {
    started++;
    start_send(connection, envelope, new_message(), on_sent, NULL);
  }
  run(connection);
  stop_clock();

  if (smtpconn_quit(connection, on_done, NULL) != 0) give_up("quit was refused");
  smtpconn_run(connection);
  smtpconn_free(connection);
  smtpconn_envelope_free(envelope);
  smtpconn_options_free(options);
  free(message);
  print_report();
  return 0;
}
