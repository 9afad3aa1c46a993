/*
 * send.c - the benchmark's client with smtpconn
 *
 * Mode "queued": up to 100 sends are started ahead. Mode "lockstep": the next
 * one is started when the one before it has ended.
 */
#define _POSIX_C_SOURCE 200809L
#include "bench.h"

#include <smtpconn.h>

static smtpconn_envelope *envelope;
static long started, ended;

static void start_one(smtpconn *connection);

static void on_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  (void)connection, (void)user;
  if (error != NULL) give_up(smtpconn_error_message(error));
}

static void on_sent(smtpconn *connection, const smtpconn_error *error,
                    const smtpconn_result *result, void *user) {
  (void)result, (void)user;
  if (error != NULL) give_up(smtpconn_error_message(error));
  ended++;
  if (started < count) start_one(connection);
}

/* A handle for each message, as a program with different messages would have. */
static void start_one(smtpconn *connection) {
  smtpconn_message *handle = smtpconn_message_new_borrowed(message, message_length, NULL, NULL);
  started++;
  if (smtpconn_send(connection, envelope, handle, on_sent, NULL) != 0) {
    give_up(smtpconn_error_message(smtpconn_last_error(connection)));
  }
  smtpconn_message_free(handle);
}

static void send_all(smtpconn *connection, long number, long ahead) {
  long index;
  count = number;
  started = ended = 0;
  for (index = 0; index < ahead && index < number; index++) start_one(connection);
  if (smtpconn_run(connection) < 0 || ended != number) give_up("not everything was sent");
}

int main(int argc, char **argv) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn *connection;
  long number;

  read_arguments(argc, argv);
  number = count;
  envelope = smtpconn_envelope_new();
  if (smtpconn_options_set_host(options, "127.0.0.1") != 0 ||
      smtpconn_options_set_port(options, port) != 0 ||
      smtpconn_options_set_name(options, "client.test") != 0 ||
      smtpconn_envelope_set_from(envelope, SENDER) != 0 ||
      smtpconn_envelope_add_to(envelope, RECIPIENT) != 0 ||
      smtpconn_envelope_set_size(envelope, message_length) != 0) {
    give_up("an option was refused");
  }
  connection = smtpconn_new(options, NULL);
  if (connection == NULL || smtpconn_connect(connection, on_done, NULL) != 0) {
    give_up("no connection");
  }
  send_all(connection, 1, 1);

  start_clock();
  send_all(connection, number, strcmp(mode, "lockstep") == 0 ? 1 : 100);
  stop_clock();

  if (smtpconn_quit(connection, on_done, NULL) != 0) give_up("quit was refused");
  smtpconn_run(connection);
  smtpconn_free(connection);
  smtpconn_envelope_free(envelope);
  smtpconn_options_free(options);
  free(message);
  return 0;
}
