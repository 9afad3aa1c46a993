/*
 * libuv.c - the library inside a libuv loop
 *
 *     libuv HOST PORT FROM TO < message
 *
 * uv_poll_t watches the descriptor of the library's loop; when it is readable, dispatch
 * does everything that is possible without waiting. Time limits make it readable too, so
 * that no uv_timer_t is needed. The timer here belongs to the program: it runs meanwhile.
 *
 *     cc libuv.c $(pkg-config --cflags --libs smtpconn libuv)
 */
#define _POSIX_C_SOURCE 200809L
#include <smtpconn.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

static uv_poll_t watcher;
static uv_timer_t clock_of_program;
static int failed;

static void on_readable(uv_poll_t *handle, int status, int events) {
  (void)status, (void)events;
  smtpconn_loop_dispatch(handle->data); /* callbacks run in here, and nowhere else */
}

static void on_time(uv_timer_t *timer) {
  static int ticks;
  (void)timer;
  if (ticks++ == 0) puts("the program goes on");
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

/* The last thing that a connection calls, however it ended. Without these two handles
 * uv_run has nothing to wait for, and returns. */
static void on_end(smtpconn *connection, void *user) {
  (void)connection, (void)user;
  uv_close((uv_handle_t *)&watcher, NULL);
  uv_close((uv_handle_t *)&clock_of_program, NULL);
}

int main(int argc, char **argv) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  smtpconn_message *message = smtpconn_message_new_descriptor(STDIN_FILENO);
  smtpconn_loop *loop = smtpconn_loop_new();
  smtpconn *connection;

  if (argc != 5 || loop == NULL || smtpconn_options_set_host(options, argv[1]) != 0 ||
      smtpconn_options_set_port(options, atoi(argv[2])) != 0 ||
      smtpconn_envelope_set_from(envelope, argv[3]) != 0 ||
      smtpconn_envelope_add_to(envelope, argv[4]) != 0) {
    fprintf(stderr, "usage: libuv HOST PORT FROM TO < message\n");
    return 2;
  }

  uv_timer_init(uv_default_loop(), &clock_of_program);
  uv_timer_start(&clock_of_program, on_time, 0, 1000);
  uv_poll_init(uv_default_loop(), &watcher, smtpconn_loop_fd(loop));
  watcher.data = loop;
  uv_poll_start(&watcher, UV_READABLE, on_readable);

  connection = smtpconn_new(options, loop);
  smtpconn_set_end_callback(connection, on_end, NULL);
  smtpconn_connect(connection, on_done, "connect");
  smtpconn_send(connection, envelope, message, on_sent, "send");
  smtpconn_quit(connection, on_done, "quit");
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);

  smtpconn_free(connection); /* before its loop, and never while the loop dispatches */
  smtpconn_loop_free(loop);  /* after uv_close of what watches its descriptor */
  uv_loop_close(uv_default_loop());
  smtpconn_message_free(message);
  smtpconn_envelope_free(envelope);
  smtpconn_options_free(options);
  return failed;
}
