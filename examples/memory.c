/*
 * memory.c - the library without a socket: octets go through memory only
 *
 *     memory FROM TO < message
 *
 * The server is a function of this program, and time passes when it says so. A test of a
 * program that sends mail can work like this: without a network, descriptors, threads or
 * waiting, and always in the same way.
 */
#include <smtpconn.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int failed;

static void on_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  (void)connection;
  if (error != NULL) {
    fprintf(stderr, "%s: %s\n", (const char *)user, smtpconn_error_message(error));
    failed = 1;
  }
}

static void on_sent(smtpconn *connection, const smtpconn_error *error,
                    const smtpconn_result *result, void *user) {
  on_done(connection, error, user);
  if (error == NULL) printf("%s\n", smtpconn_result_response(result));
}

/* The server: what it answers to a line. In the content of a message it answers nothing. */
static const char *answer(const char *line) {
  static int in_content;
  if (in_content) {
    if (strcmp(line, ".\r\n") != 0) return "";
    in_content = 0;
    return "250 2.0.0 queued as MEMORY1\r\n";
  }
  if (strncmp(line, "EHLO", 4) == 0) return "250-memory.example\r\n250 PIPELINING\r\n";
  if (strncmp(line, "QUIT", 4) == 0) return "221 bye\r\n";
  if (strncmp(line, "DATA", 4) != 0) return "250 ok\r\n";
  in_content = 1;
  return "354 go on\r\n";
}

/* Gives the server what was taken, line by line, and the library its answers. */
static void serve(smtpconn *connection, const char *octets, size_t length, uint64_t now) {
  static char line[1024];
  static size_t held;
  while (length-- > 0) {
    const char *reply;
    line[held++] = *octets++;
    if (line[held - 1] != '\n' && held < sizeof line - 1) continue;
    line[held] = 0;
    held = 0;
    printf("C: %s", line);
    reply = answer(line);
    printf("%s%s", reply[0] != 0 ? "S: " : "", reply);
    /* All of it is read here, in the clear. */
    if (reply[0] != 0) smtpconn_feed(connection, reply, strlen(reply), now);
  }
}

int main(int argc, char **argv) {
  static char message[65536];
  char octets[4096];
  uint64_t now = 0; /* milliseconds; any clock will do, even one that only we move */
  smtpconn *connection = smtpconn_new_without_socket(NULL);
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  smtpconn_message *content;

  if (argc != 3 || smtpconn_envelope_set_from(envelope, argv[1]) != 0 ||
      smtpconn_envelope_add_to(envelope, argv[2]) != 0) {
    fprintf(stderr, "usage: memory FROM TO < message\n");
    return 2;
  }
  content = smtpconn_message_new_copy(message, fread(message, 1, sizeof message, stdin));
  if (smtpconn_connect(connection, on_done, "connect") != 0 ||
      smtpconn_send(connection, envelope, content, on_sent, "send") != 0 ||
      smtpconn_quit(connection, on_done, "quit") != 0) {
    return 1;
  }
  smtpconn_message_free(content); /* the send keeps what it needs */

  smtpconn_feed(connection, "220 memory.example\r\n", 20, now);
  while (smtpconn_stage(connection) != SMTPCONN_STAGE_CLOSED) {
    ptrdiff_t count = smtpconn_take(connection, octets, sizeof octets, now);
    if (count < 0) break;
    serve(connection, octets, (size_t)count, now);
    /* When nothing is to be sent, the library waits for the server, which never
     * answers later here. So this would be the time limit of the command. */
    if (!smtpconn_wants_take(connection)) now = smtpconn_deadline(connection);
    if (now == UINT64_MAX || smtpconn_tick(connection, now) < 0) break;
  }

  smtpconn_free(connection);
  smtpconn_envelope_free(envelope);
  return failed;
}
