/*
 * send.c - sends one message, and returns when it is done
 *
 *     send [options] HOST PORT --from A --to B [--to C ...] [FILE]
 *
 *     --starttls        fail without STARTTLS
 *     --secure          TLS from the first byte (port 465)
 *     --cafile FILE     trust the certificates in FILE instead of the system's
 *     --user NAME       log in; the password is read from the environment,
 *     --pass-env NAME   variable NAME, which `ps` does not show to others
 *     --verbose         print the dialogue, without secrets
 *
 * The message is read from FILE or from standard input. Exit status: 0 when
 * every recipient was accepted, 1 when the message or a recipient was not, 2
 * for wrong arguments.
 *
 *     cc send.c $(pkg-config --cflags --libs smtpconn)
 */
#define _POSIX_C_SOURCE 200809L
#include <smtpconn.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int failed;

static int usage(void) {
  fprintf(stderr,
          "usage: send [--starttls | --secure] [--cafile FILE] [--user NAME --pass-env NAME]\n"
          "            [--verbose] HOST PORT --from ADDRESS --to ADDRESS... [FILE]\n");
  return 2;
}

/* The message of an error says what happened and what to do about it. */
static void complain(const char *what, const smtpconn_error *error) {
  fprintf(stderr, "%s: %s (%s)\n", what, smtpconn_error_message(error),
          smtpconn_error_name(error));
  failed = 1;
}

/* Called at the end of connect, login and quit, with NULL on success. */
static void on_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  const char *what = user;
  (void)connection;
  if (error != NULL) complain(what, error);
}

/* Called at the end of the send. The result has every recipient, even when the send
 * as a whole failed. */
static void on_sent(smtpconn *connection, const smtpconn_error *error,
                    const smtpconn_result *result, void *user) {
  size_t index;
  (void)connection;
  (void)user;
  if (error != NULL) complain("send", error);
  for (index = 0; index < smtpconn_result_count(result); index++) {
    const char *recipient = smtpconn_result_recipient(result, index);
    if (smtpconn_result_status(result, index) == SMTPCONN_RECIPIENT_ACCEPTED) {
      printf("%s: accepted\n", recipient);
    } else {
      const char *reply = smtpconn_result_recipient_response(result, index);
      printf("%s: not accepted%s%s\n", recipient, reply != NULL ? ", " : "",
             reply != NULL ? reply : "");
      failed = 1;
    }
  }
  if (error == NULL) printf("server: %s\n", smtpconn_result_response(result));
}

static void on_log(smtpconn *connection, int level, int kind, const char *text, size_t length,
                   void *user) {
  const char *mark = kind == SMTPCONN_LOG_CLIENT ? "C:" : kind == SMTPCONN_LOG_SERVER ? "S:" : "--";
  (void)connection;
  (void)level;
  (void)length;
  (void)user;
  fprintf(stderr, "%s %s\n", mark, text);
}

/* Starts everything at once: the operations run in order, and when one fails the ones
 * after it end too. */
static void deliver(smtpconn *connection, const smtpconn_auth *auth,
                    const smtpconn_envelope *envelope, smtpconn_message *message) {
  if (smtpconn_connect(connection, on_done, "connect") != 0 ||
      (auth != NULL && smtpconn_login(connection, auth, on_done, "login") != 0) ||
      smtpconn_send(connection, envelope, message, on_sent, NULL) != 0 ||
      smtpconn_quit(connection, on_done, "quit") != 0) {
    complain("start", smtpconn_last_error(connection));
  }
  smtpconn_run(connection); /* until nothing is pending */
}

int main(int argc, char **argv) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  smtpconn_auth *auth = NULL;
  smtpconn_message *message;
  smtpconn *connection;
  const char *places[3] = {NULL, NULL, NULL}; /* HOST PORT FILE */
  int place = 0, refused = 0, verbose = 0, index, input = STDIN_FILENO;

  for (index = 1; index < argc; index++) {
    const char *word = argv[index];
    const char *value = index + 1 < argc ? argv[index + 1] : NULL;
    if (strcmp(word, "--starttls") == 0) {
      refused |= smtpconn_options_set_require_tls(options, 1);
    } else if (strcmp(word, "--secure") == 0) {
      refused |= smtpconn_options_set_secure(options, 1);
    } else if (strcmp(word, "--verbose") == 0) {
      verbose = 1;
    } else if (word[0] != '-') {
      if (place == 3) return usage();
      places[place++] = word;
    } else if (value == NULL) {
      return usage();
    } else {
      index++;
      if (strcmp(word, "--cafile") == 0) {
        refused |= smtpconn_options_set_tls_ca_file(options, value);
      } else if (strcmp(word, "--user") == 0) {
        if (auth == NULL) auth = smtpconn_auth_new();
        smtpconn_auth_set_user(auth, value);
      } else if (strcmp(word, "--pass-env") == 0) {
        if (auth == NULL) auth = smtpconn_auth_new();
        smtpconn_auth_set_password(auth, getenv(value));
      } else if (strcmp(word, "--from") == 0) {
        if (smtpconn_envelope_set_from(envelope, value) != 0) {
          complain("--from", smtpconn_envelope_last_error(envelope));
        }
      } else if (strcmp(word, "--to") == 0) {
        if (smtpconn_envelope_add_to(envelope, value) != 0) {
          complain("--to", smtpconn_envelope_last_error(envelope));
        }
      } else {
        return usage();
      }
    }
  }
  if (place < 2 || failed) return usage();

  /* A setter checks its value at once; the last error says what is wrong. */
  if (smtpconn_options_set_host(options, places[0]) != 0 ||
      smtpconn_options_set_port(options, atoi(places[1])) != 0 || refused != 0) {
    const smtpconn_error *error = smtpconn_options_last_error(options);
    if (error != NULL) complain("options", error);
    return usage();
  }
  smtpconn_options_set_transaction_log(options, verbose);

  if (places[2] != NULL && (input = open(places[2], O_RDONLY)) < 0) {
    perror(places[2]);
    return 2;
  }
  message = smtpconn_message_new_descriptor(input);
  connection = smtpconn_new(options, NULL); /* with a loop of its own */
  if (connection == NULL || message == NULL) {
    if (connection == NULL) complain("options", smtpconn_options_last_error(options));
    if (message == NULL) perror("message");
    failed = 1;
  } else {
    if (verbose) smtpconn_set_log_callback(connection, on_log, NULL);
    deliver(connection, auth, envelope, message);
  }

  smtpconn_free(connection);
  smtpconn_message_free(message);
  smtpconn_envelope_free(envelope);
  smtpconn_auth_free(auth);
  smtpconn_options_free(options);
  if (input != STDIN_FILENO) close(input);
  return failed;
}
