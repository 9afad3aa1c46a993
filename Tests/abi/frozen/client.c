/*
 * client.c - a program of version 0.1, as it was compiled then
 *
 *     client PORT
 *
 * Sends a message twice, in the two ways that there are, and prints what came of it.
 * client.x86_64.b64 is this file, compiled with the header of 0.1.0; README.md says how.
 * It is never compiled again: test_frozen_client.py runs it with each new library.
 */
#include <smtpconn.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char content[] = "Subject: frozen\n\nHello.\n";
static int released;

static void on_release(void *user) {
  (void)user;
  released++;
}

static void on_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  printf("%s: %s, %s\n", (const char *)user,
         error == NULL ? "ok" : smtpconn_error_name(error),
         smtpconn_is_open(connection) ? "open" : "closed");
}

static void on_sent(smtpconn *connection, const smtpconn_error *error,
                    const smtpconn_result *result, void *user) {
  size_t index;
  (void)connection;
  printf("%s: %s\n", (const char *)user, error == NULL ? "ok" : smtpconn_error_name(error));
  for (index = 0; index < smtpconn_result_count(result); index++) {
    const char *enhanced = smtpconn_result_enhanced(result, index);
    printf("  %s: %d %d %s\n", smtpconn_result_recipient(result, index),
           smtpconn_result_status(result, index), smtpconn_result_response_code(result, index),
           enhanced == NULL ? "-" : enhanced);
  }
  printf("  %s\n", smtpconn_result_response(result));
}

static void on_log(smtpconn *connection, int level, int kind, const char *text, size_t length,
                   void *user) {
  (void)connection;
  (void)level;
  if (kind == SMTPCONN_LOG_CLIENT && strlen(text) == length) ++*(int *)user;
}

int main(int argc, char **argv) {
  static const char addresses[] = "a@example.com\0b@example.com\0c@example.com";
  smtpconn_options *options = smtpconn_options_new();
  smtpconn_loop *loop = smtpconn_loop_new();
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  smtpconn_message *message =
      smtpconn_message_new_borrowed(content, sizeof content - 1, on_release, NULL);
  smtpconn *connection;
  int logged = 0, result;

  if (argc != 2) return 2;
  smtpconn_options_set_host(options, "127.0.0.1");
  smtpconn_options_set_port(options, atoi(argv[1]));
  smtpconn_options_set_command_timeout(options, 60000);
  smtpconn_options_set_transaction_log(options, 1);
  if (smtpconn_options_set_port(options, 65536) == 0) puts("port 65536 was taken");
  connection = smtpconn_new(options, loop);
  smtpconn_options_free(options);
  smtpconn_set_log_callback(connection, on_log, &logged);

  smtpconn_envelope_set_from(envelope, "a@example.com");
  smtpconn_envelope_add_to(envelope, "b@example.com");
  smtpconn_envelope_add_to(envelope, "c@example.com");
  if (smtpconn_envelope_add_to(envelope, "no address") != 0) {
    printf("%d\n", smtpconn_error_code(smtpconn_envelope_last_error(envelope)));
  }

  smtpconn_connect(connection, on_done, (void *)"connect");
  smtpconn_send(connection, envelope, message, on_sent, (void *)"send");
  smtpconn_send_packed(connection, NULL, addresses, sizeof addresses, content,
                       sizeof content - 1, 0, on_sent, (void *)"packed");
  smtpconn_quit(connection, on_done, (void *)"quit");
  smtpconn_envelope_free(envelope);
  smtpconn_message_free(message);
  do {
    result = smtpconn_loop_run_once(loop, -1);
  } while (result == 1);

  printf("released %d, logged %s, version %s\n", released, logged > 3 ? "yes" : "no",
         smtpconn_version_number() >= SMTPCONN_VERSION_NUMBER ? "not older" : "older");
  smtpconn_free(connection);
  smtpconn_loop_free(loop);
  return 0;
}
