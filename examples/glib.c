/*
 * glib.c - the library inside a GLib main loop, as of GTK
 *
 *     glib HOST PORT FROM TO < message
 *
 * A source of GLib watches the descriptor of the library's loop; when it is readable,
 * dispatch does everything that is possible without waiting. Time limits make it readable
 * too. The second source belongs to the program: it runs meanwhile.
 *
 *     cc glib.c $(pkg-config --cflags --libs smtpconn glib-2.0)
 */
#include <smtpconn.h>

#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int failed;

static gboolean on_readable(gint descriptor, GIOCondition condition, gpointer user) {
  (void)descriptor, (void)condition;
  smtpconn_loop_dispatch(user); /* callbacks run in here, and nowhere else */
  return G_SOURCE_CONTINUE;
}

static gboolean on_idle(gpointer user) {
  (void)user;
  puts("the program goes on");
  return G_SOURCE_REMOVE;
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
  g_main_loop_quit(user);
}

int main(int argc, char **argv) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  smtpconn_message *message = smtpconn_message_new_descriptor(STDIN_FILENO);
  smtpconn_loop *loop = smtpconn_loop_new();
  GMainLoop *program;
  smtpconn *connection;
  guint source;

  if (argc != 5 || loop == NULL || smtpconn_options_set_host(options, argv[1]) != 0 ||
      smtpconn_options_set_port(options, atoi(argv[2])) != 0 ||
      smtpconn_envelope_set_from(envelope, argv[3]) != 0 ||
      smtpconn_envelope_add_to(envelope, argv[4]) != 0) {
    fprintf(stderr, "usage: glib HOST PORT FROM TO < message\n");
    return 2;
  }

  program = g_main_loop_new(NULL, FALSE);
  g_idle_add(on_idle, NULL);
  source = g_unix_fd_add(smtpconn_loop_fd(loop), G_IO_IN, on_readable, loop);

  connection = smtpconn_new(options, loop);
  smtpconn_set_end_callback(connection, on_end, program);
  smtpconn_connect(connection, on_done, "connect");
  smtpconn_send(connection, envelope, message, on_sent, "send");
  smtpconn_quit(connection, on_done, "quit");
  g_main_loop_run(program);

  g_source_remove(source);   /* before the descriptor is closed */
  smtpconn_free(connection); /* before its loop */
  smtpconn_loop_free(loop);
  g_main_loop_unref(program);
  smtpconn_message_free(message);
  smtpconn_envelope_free(envelope);
  smtpconn_options_free(options);
  return failed;
}
