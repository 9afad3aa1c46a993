/*
 * esmtp.c - the benchmark's client with libESMTP
 *
 * A session sends all of its messages and ends, so the clock starts inside it.
 */
#define _GNU_SOURCE /* libesmtp.h needs it */
#include "bench.h"

#include <libesmtp.h>
#include <signal.h>

static long ended;
static size_t handed_out;

/* Everything at once, then the end; a call without `length` starts again. */
static const char *read_message(void **buffer, int *length, void *user) {
  (void)buffer, (void)user;
  if (length == NULL) {
    handed_out = 0;
    return NULL;
  }
  *length = handed_out == 0 ? (int)message_length : 0;
  handed_out = message_length;
  return message;
}

static void on_event(smtp_session_t session, int event, void *user, ...) {
  (void)session, (void)user;
  if (event != SMTP_EV_MESSAGESENT) return;
  if (++ended == 1) start_clock();
  if (ended == count + 1) stop_clock();
}

int main(int argc, char **argv) {
  char server[32];
  smtp_session_t session;
  long index;

  read_arguments(argc, argv);
  signal(SIGPIPE, SIG_IGN);
  session = smtp_create_session();
  snprintf(server, sizeof server, "127.0.0.1:%d", port);
  smtp_set_server(session, server);
  smtp_set_hostname(session, "client.test");
  smtp_set_eventcb(session, on_event, NULL);
  for (index = 0; index <= count; index++) {
    smtp_message_t item = smtp_add_message(session);
    smtp_set_reverse_path(item, SENDER);
    smtp_add_recipient(item, RECIPIENT);
    smtp_set_messagecb(item, read_message, NULL);
    smtp_size_set_estimate(item, (unsigned long)message_length);
  }
  if (!smtp_start_session(session) || ended != count + 1) give_up("not everything was sent");
  smtp_destroy_session(session);
  free(message);
  return 0;
}
