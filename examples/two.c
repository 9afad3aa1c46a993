/*
 * two.c - two connections, one loop
 *
 *     two FROM TO HOST PORT HOST PORT
 *
 * Sends the same message over two connections at the same time, from one
 * thread. They share a loop, so neither blocks the other.
 */
#include <smtpconn.h>

#include <stdio.h>
#include <stdlib.h>

static int failed;

/* `user` is the number of the connection. */
static void on_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  (void)connection;
  if (error != NULL) {
    printf("connection %d: %s\n", *(int *)user, smtpconn_error_message(error));
    failed = 1;
  }
}

static void on_sent(smtpconn *connection, const smtpconn_error *error,
                    const smtpconn_result *result, void *user) {
  on_done(connection, error, user);
  if (error == NULL) {
    printf("connection %d: %s: %s\n", *(int *)user, smtpconn_remote_address(connection),
           smtpconn_result_response(result));
  }
}

int main(int argc, char **argv) {
  static const char text[] = "Subject: twice\n\nThe same over two connections.\n";
  static int numbers[2] = {1, 2};
  smtpconn_loop *loop = smtpconn_loop_new();
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  smtpconn_message *message = smtpconn_message_new_copy(text, sizeof text - 1);
  smtpconn *connections[2] = {NULL, NULL};
  int index;

  if (argc != 7 || smtpconn_envelope_set_from(envelope, argv[1]) != 0 ||
      smtpconn_envelope_add_to(envelope, argv[2]) != 0) {
    fprintf(stderr, "usage: two FROM TO HOST PORT HOST PORT\n");
    return 2;
  }
  for (index = 0; index < 2; index++) {
    smtpconn_options *options = smtpconn_options_new();
    if (smtpconn_options_set_host(options, argv[3 + 2 * index]) != 0 ||
        smtpconn_options_set_port(options, atoi(argv[4 + 2 * index])) != 0) {
      fprintf(stderr, "%s\n", smtpconn_error_message(smtpconn_options_last_error(options)));
      return 2;
    }
    connections[index] = smtpconn_new(options, loop);
    smtpconn_options_free(options); /* the connection has its own copy */
    if (connections[index] == NULL ||
        smtpconn_connect(connections[index], on_done, &numbers[index]) != 0 ||
        smtpconn_send(connections[index], envelope, message, on_sent, &numbers[index]) != 0 ||
        smtpconn_quit(connections[index], on_done, &numbers[index]) != 0) {
      failed = 1;
    }
  }

  smtpconn_loop_run(loop); /* until nothing is pending on either */

  smtpconn_free(connections[0]);
  smtpconn_free(connections[1]);
  smtpconn_loop_free(loop);
  smtpconn_message_free(message);
  smtpconn_envelope_free(envelope);
  return failed;
}
