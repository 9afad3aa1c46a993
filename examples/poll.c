/*
 * poll.c - the library inside the program's event loop
 *
 *     poll HOST PORT FROM TO < lines
 *
 * A program that waits for several descriptors has an event loop. The library adds
 * one descriptor to it: when that is readable, dispatch does everything that is
 * possible without waiting. The descriptor becomes readable for time limits too.
 *
 * This program sends each line of its standard input as a message, as soon as it is
 * complete, over a single connection. At the end of the input it quits.
 */
#define _POSIX_C_SOURCE 200809L
#include <smtpconn.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* Starts sending a message with this line. It is sent while the loop runs. */
static void send_line(smtpconn *connection, const smtpconn_envelope *envelope, const char *line,
                      size_t length) {
  static const char head[] = "Subject: a line\n\n";
  char text[sizeof head + 1024];
  smtpconn_message *message;
  memcpy(text, head, sizeof head - 1);
  memcpy(text + sizeof head - 1, line, length);
  message = smtpconn_message_new_copy(text, sizeof head - 1 + length);
  if (smtpconn_send(connection, envelope, message, on_sent, "send") != 0) {
    on_done(connection, smtpconn_last_error(connection), "send");
  }
  smtpconn_message_free(message); /* the send keeps what it needs */
}

/* Reads the input that is available; 0 at its end. */
static int read_lines(smtpconn *connection, const smtpconn_envelope *envelope) {
  static char input[1024];
  static size_t held;
  char *newline;
  ssize_t got = read(STDIN_FILENO, input + held, sizeof input - held);
  if (got > 0) held += (size_t)got;
  while ((newline = memchr(input, '\n', held)) != NULL || (held == sizeof input) ||
         (got <= 0 && held > 0)) {
    size_t length = newline != NULL ? (size_t)(newline - input) + 1 : held;
    send_line(connection, envelope, input, length);
    held -= length;
    memmove(input, input + length, held);
  }
  return got > 0;
}

int main(int argc, char **argv) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  smtpconn_loop *loop = smtpconn_loop_new();
  smtpconn *connection;
  struct pollfd watched[2];
  int reading = 1;

  if (argc != 5 || smtpconn_options_set_host(options, argv[1]) != 0 ||
      smtpconn_options_set_port(options, atoi(argv[2])) != 0 ||
      smtpconn_envelope_set_from(envelope, argv[3]) != 0 ||
      smtpconn_envelope_add_to(envelope, argv[4]) != 0) {
    fprintf(stderr, "usage: poll HOST PORT FROM TO < lines\n");
    return 2;
  }
  connection = smtpconn_new(options, loop);
  if (connection == NULL || smtpconn_connect(connection, on_done, "connect") != 0) return 1;

  watched[0].fd = smtpconn_loop_fd(loop); /* the same one as long as the loop lives */
  watched[0].events = POLLIN;
  watched[1].fd = STDIN_FILENO;
  watched[1].events = POLLIN;

  for (;;) {
    /* -1: no timeout here. The library's time limits make its descriptor readable. */
    if (poll(watched, 2, -1) < 0) break;
    if (watched[1].revents != 0 && !read_lines(connection, envelope)) {
      reading = 0;
      watched[1].fd = -1; /* poll() passes over it */
      if (smtpconn_quit(connection, on_done, "quit") != 0) break;
    }
    /* 0: nothing is pending on any connection of the loop. */
    if (watched[0].revents != 0 && smtpconn_loop_dispatch(loop) <= 0 && !reading) break;
    if (failed) break;
  }

  smtpconn_free(connection); /* before its loop */
  smtpconn_loop_free(loop);
  smtpconn_envelope_free(envelope);
  smtpconn_options_free(options);
  return failed;
}
