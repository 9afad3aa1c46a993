/*
 * libevent.c - the library inside a loop of libevent
 *
 *     libevent HOST PORT FROM TO < message
 *
 * An event watches the descriptor of the library's loop; when it is readable, dispatch
 * does everything that is possible without waiting. Time limits make it readable too. The
 * second event belongs to the program: it runs meanwhile.
 *
 *     cc libevent.c $(pkg-config --cflags --libs smtpconn libevent_core)
 */
#define _POSIX_C_SOURCE 200809L
#include <smtpconn.h>

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

static int failed;

static void on_readable(evutil_socket_t descriptor, short what, void *user) {
  (void)descriptor, (void)what;
  smtpconn_loop_dispatch(user); /* callbacks run in here, and nowhere else */
}

static void on_time(evutil_socket_t descriptor, short what, void *user) {
  (void)descriptor, (void)what, (void)user;
  puts("the program goes on");
}

static void on_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  (void)connection;
  if (error == NULL) return;
  fprintf(stderr, "%s: %s\n", (const char *)user, smtpconn_error_message(error));
  failed = 1;
}

static void on_sent(smtpconn *connection, const smtpconn_error *error,
                    const smtpconn_result *result, void *user) {
  on_done(connection, error, user);
  if (error == NULL) puts(smtpconn_result_response(result));
}

/* The last thing that a connection calls, however it ended. */
static void on_end(smtpconn *connection, void *user) {
  (void)connection;
  event_base_loopbreak(user);
}

int main(int argc, char **argv) {
  const struct timeval now = {0, 0};
  smtpconn_options *options = smtpconn_options_new();
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  smtpconn_message *message = smtpconn_message_new_descriptor(STDIN_FILENO);
  smtpconn_loop *loop = smtpconn_loop_new();
  struct event_base *base;
  struct event *readable;
  smtpconn *connection;

  if (argc != 5 || loop == NULL || smtpconn_options_set_host(options, argv[1]) != 0 ||
      smtpconn_options_set_port(options, atoi(argv[2])) != 0 ||
      smtpconn_envelope_set_from(envelope, argv[3]) != 0 ||
      smtpconn_envelope_add_to(envelope, argv[4]) != 0) {
    fprintf(stderr, "usage: libevent HOST PORT FROM TO < message\n");
    return 2;
  }

  base = event_base_new();
  event_base_once(base, -1, EV_TIMEOUT, on_time, NULL, &now);
  readable = event_new(base, smtpconn_loop_fd(loop), EV_READ | EV_PERSIST, on_readable, loop);
  event_add(readable, NULL);

  connection = smtpconn_new(options, loop);
  smtpconn_set_end_callback(connection, on_end, base);
  smtpconn_connect(connection, on_done, "connect");
  smtpconn_send(connection, envelope, message, on_sent, "send");
  smtpconn_quit(connection, on_done, "quit");
  event_base_dispatch(base);

  event_free(readable);      /* before the descriptor is closed */
  smtpconn_free(connection); /* before its loop */
  smtpconn_loop_free(loop);
  event_base_free(base);
  smtpconn_message_free(message);
  smtpconn_envelope_free(envelope);
  smtpconn_options_free(options);
  return failed;
}
